"""Which job read and wrote what, as a table with a row for each job and a column for each unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from enforcer.reports.access import Access

_ROWS = 60
_COLUMNS = 40


class Matrix(NamedTuple):
    """Rows of (job, cells), a cell being (reads, writes) or None; how many rows and columns are left out."""

    units: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, int] | None, ...]], ...]
    hidden_jobs: int
    hidden_units: int


def matrix(access: Sequence[Access]) -> Matrix | None:
    """The jobs and units with most accesses; None where none were recorded."""
    if not access:
        return None
    reads: Counter[tuple[str, str]] = Counter()
    writes: Counter[tuple[str, str]] = Counter()
    for each in access:
        place = (f"{each.job.element} {each.job.action}", each.unit)
        reads[place] += each.reads
        writes[place] += each.writes
    places = {*reads, *writes}
    jobs, units = _most(places, 0, reads + writes), _most(places, 1, reads + writes)
    shown_units = sorted(units[:_COLUMNS])
    rows = tuple(
        (job, tuple((reads[job, unit], writes[job, unit]) if (job, unit) in places else None for unit in shown_units))
        for job in sorted(jobs[:_ROWS])
    )
    return Matrix(tuple(shown_units), rows, len(jobs[_ROWS:]), len(units[_COLUMNS:]))


def _most(places: set[tuple[str, str]], side: int, counts: Counter[tuple[str, str]]) -> list[str]:
    totals: Counter[str] = Counter()
    for place in places:
        totals[place[side]] += counts[place]
    return sorted(totals, key=lambda name: (-totals[name], name))
