"""Which job read and wrote what: a table with a row for each job and a column for each unit, and the lines of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from enforcer.reports.access import Access

_ROWS = 60
_COLUMNS = 40
_LINES = 12
"""So many of the lines of one job or unit are shown."""


class AccessLines(NamedTuple):
    """The accesses of one job or to one unit: those of plugin code first, then by their number.

    Attributes:
        name: of the job or unit.
        anchor: where on the page they are.
        shown: the first of them.
        hidden: how many are left out.
    """

    name: str
    anchor: str
    shown: tuple[Access, ...]
    hidden: int


class JobRow(NamedTuple):
    """One job: its lines, and for each unit (reads, writes) or None."""

    lines: AccessLines
    cells: tuple[tuple[int, int] | None, ...]


class Matrix(NamedTuple):
    """The rows, what is in the columns, and how many rows and columns are left out."""

    units: tuple[AccessLines, ...]
    rows: tuple[JobRow, ...]
    hidden_jobs: int
    hidden_units: int


def matrix(access: Sequence[Access]) -> Matrix | None:
    """The jobs and units with most accesses; None where none were recorded."""
    if not access:
        return None
    counts: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for each in access:
        count = counts[_job(each), each.unit]
        count[0] += each.reads
        count[1] += each.writes
    jobs, units = _most(counts, 0), _most(counts, 1)
    by_job, by_unit = _grouped(access, _job), _grouped(access, lambda each: each.unit)
    shown_jobs, shown_units = sorted(jobs[:_ROWS]), sorted(units[:_COLUMNS])
    rows = tuple(
        JobRow(
            _lines(job, f"access-job-{number}", by_job[job]), tuple(_cell(counts, job, unit) for unit in shown_units)
        )
        for number, job in enumerate(shown_jobs, 1)
    )
    columns = tuple(_lines(unit, f"access-unit-{number}", by_unit[unit]) for number, unit in enumerate(shown_units, 1))
    return Matrix(columns, rows, len(jobs) - len(rows), len(units) - len(columns))


def _cell(counts: Mapping[tuple[str, str], Sequence[int]], job: str, unit: str) -> tuple[int, int] | None:
    if (job, unit) not in counts:
        return None
    reads, writes = counts[job, unit]
    return reads, writes


def _job(access: Access) -> str:
    return f"{access.job.element} {access.job.action}"


def _grouped(access: Iterable[Access], name: Callable[[Access], str]) -> Mapping[str, list[Access]]:
    found: defaultdict[str, list[Access]] = defaultdict(list)
    for each in access:
        found[name(each)].append(each)
    return found


def _lines(name: str, anchor: str, access: list[Access]) -> AccessLines:
    ordered = sorted(access, key=lambda each: (not each.by_plugin, each.is_own, -each.reads - each.writes))
    return AccessLines(name, anchor, tuple(ordered[:_LINES]), len(ordered[_LINES:]))


def _most(counts: Mapping[tuple[str, str], Sequence[int]], side: int) -> list[str]:
    totals: Counter[str] = Counter()
    for place, count in counts.items():
        totals[place[side]] += sum(count)
    return sorted(totals, key=lambda name: (-totals[name], name))
