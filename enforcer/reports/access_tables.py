"""Who read and wrote what, as tables for the terminal: the same done by many jobs is one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from enforcer.masking import counted
from enforcer.reports.access import Access
from enforcer.reports.value import Report
from enforcer.results.accesses import JOB
from enforcer.settings.settings import matches_pattern

SHOWN_LINES = 40
_HEAD = ("reads", "writes", "jobs", "job", "unit", "attribute", "way", "line")
_RIGHT = 3
"""So many of the columns are numbers."""


@dataclass(frozen=True)
class Filter:
    """What is asked for; in texts `*` stands for anything, and what is empty asks for nothing.

    Attributes:
        job: an element, an action, or both: `app.bst Build`.
        unit: the name of an owner.
        attribute: the way to it.
        plugin_code_only: whether what core does by itself is left out.
    """

    job: str = ""
    unit: str = ""
    attribute: str = ""
    plugin_code_only: bool = False

    def takes(self, access: Access) -> bool:
        """Whether that is asked for."""
        job = access.job
        names = (job.element, job.action, f"{job.element} {job.action}")
        return (
            (access.by_plugin or not self.plugin_code_only)
            and (not self.job or any(matches_pattern(self.job, name) for name in names))
            and (not self.unit or matches_pattern(self.unit, access.unit))
            and (not self.attribute or matches_pattern(self.attribute, access.attribute))
        )


class _Kind(NamedTuple):
    """What is one line: of which plugin's jobs, on whose state, and how."""

    by: str
    unit: str
    attribute: str
    way: str
    line: str


def access_lines(report: Report, asked: Filter, limit: int = SHOWN_LINES) -> list[str]:
    """The tables, with at most so many lines each."""
    found = [access for access in (*report.access, *report.access_between_jobs) if asked.takes(access)]
    lines = []
    for title, belongs in _TABLES:
        rows = [access for access in found if belongs(access)]
        if rows:
            lines += ["", title, *_table(rows, limit)]
    return lines[1:]


def _of_plugins(access: Access) -> bool:
    return access.phase == JOB and access.by_plugin


def _of_core(access: Access) -> bool:
    return access.phase == JOB and not access.by_plugin


_TABLES: tuple[tuple[str, Callable[[Access], bool]], ...] = (
    ("plugin code, on state of others", lambda access: _of_plugins(access) and not access.is_own),
    ("plugin code, on its own element", lambda access: _of_plugins(access) and access.is_own),
    ("BuildStream's core in jobs, on state of others", lambda access: _of_core(access) and not access.is_own),
    ("BuildStream's core in jobs, on the job's element", lambda access: _of_core(access) and access.is_own),
    ("the main thread between jobs, what it writes", lambda access: access.phase != JOB and access.writes > 0),
    ("the main thread between jobs, what it only reads", lambda access: access.phase != JOB and not access.writes),
)


def _table(rows: Iterable[Access], limit: int) -> list[str]:
    alike: defaultdict[_Kind, list[Access]] = defaultdict(list)
    for access in rows:
        alike[_kind(access)].append(access)
    order = sorted(alike, key=lambda kind: (-_times(alike[kind]), kind))
    texts = [_HEAD, *(_columns(kind, alike[kind]) for kind in order[:limit])]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = ["  " + "  ".join(_padded(text, widths)).rstrip() for text in texts]
    hidden = order[limit:]
    if hidden:
        lines.append(f"  and {counted(len(hidden), 'line')} more: --job, --unit, --attribute say which")
    return lines


def _padded(texts: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for number, (text, width) in enumerate(zip(texts, widths, strict=True)):
        yield text.rjust(width) if number < _RIGHT else text.ljust(width)


def _kind(access: Access) -> _Kind:
    job, site = access.job, access.site
    by = " ".join(filter(None, (job.plugin, job.action, "" if access.phase == JOB else access.phase)))
    whose = "own element" if access.is_own else access.kind
    where = "" if site is None else f"{site.file}:{site.line} {site.function}"
    return _Kind(by, whose, access.attribute, access.way, where)


def _columns(kind: _Kind, rows: Sequence[Access]) -> tuple[str, ...]:
    units = {access.unit for access in rows}
    jobs = {access.job for access in rows}
    by, unit, *rest = kind
    if len(jobs) == 1 and (only := next(iter(jobs))).element:
        by = f"{only.element} {by.removeprefix(only.plugin).strip()}"
    if unit != "own element":
        unit = next(iter(units)) if len(units) == 1 else counted(len(units), unit)
    reads, writes = (f"{sum(getattr(access, name) for access in rows):,}" for name in ("reads", "writes"))
    return (reads, writes, f"{len(jobs):,}", by, unit, *rest)


def _times(rows: Iterable[Access]) -> int:
    return sum(access.reads + access.writes for access in rows)
