"""Which job read and wrote which attribute of whose, as data that merges.

Plain, an `Accesses` is a list, sorted, of objects:

    job                          the fields of a `Job`
    phase                        one of `PHASES`
    kind, unit, attribute, way   those of an `Accessed`
    reads, writes                numbers
    read_at, written_at          of the first one null, or {"plugin", "core"}, each null or the fields of a `Site`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from enforcer.results.findings import OWNER_KINDS, Job, Site

KINDS_OF_UNITS = (*OWNER_KINDS, "common")
"""Of owners; what several elements hold and none of them had first is of the last one."""

WAYS = ("public", "underscore", "mangled", "in-place", "class", "module")
"""The names by which code comes to an attribute; past all names, inside of a container; by a class or a module."""

JOB, DONE, SCHEDULING = "job", "done", "scheduling"
PHASES = (JOB, DONE, SCHEDULING)
"""What runs: a job's action; on the main thread, what follows its end; there, all else between jobs."""

ALL_UNITS = "*"
"""Stands for all elements or classes, where what is done to them is added up."""


class Accessed(NamedTuple):
    """What is accessed, and how.

    Attributes:
        kind: the owner kind of the unit: `element`, `project`, `class`, ...
        unit: its name.
        attribute: as findings name it: `environment`, `sources[0].ref`, `_Element__artifact._cached`.
        way: one of `WAYS`.
    """

    kind: str
    unit: str
    attribute: str
    way: str


class By(NamedTuple):
    """Who did it: the line of plugin code, if any ran it, and that of BuildStream's core, if it was on its behalf."""

    plugin: Site | None
    core: Site | None = None

    @property
    def site(self) -> Site | None:
        """The line to show: plugin code before core."""
        return self.plugin or self.core

    def to_plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"plugin": self.plugin and self.plugin.to_plain(), "core": self.core and self.core.to_plain()}

    @classmethod
    def from_plain(cls, data: dict[str, Any] | None) -> By | None:
        """The inverse."""
        if data is None:
            return None
        return cls(*(data[name] and Site.from_plain(data[name]) for name in ("plugin", "core")))


@dataclass
class Counts:
    """How often, and who was first; a line of plugin code counts as earlier than one of core alone."""

    reads: int = 0
    writes: int = 0
    read_at: By | None = None
    written_at: By | None = None

    def read(self, times: int, by: By | None) -> None:
        """It was read so often more."""
        self.reads += times
        self.read_at = first(self.read_at, by)

    def wrote(self, times: int, by: By | None) -> None:
        """It was written so often more."""
        self.writes += times
        self.written_at = first(self.written_at, by)

    def merge(self, other: Counts) -> None:
        """Add what was counted elsewhere, later."""
        self.read(other.reads, other.read_at)
        self.wrote(other.writes, other.written_at)


def first(known: By | None, new: By | None) -> By | None:
    """Which of two to show, `new` being the later one."""
    if known is None or (new is not None and known.plugin is None and new.plugin is not None):
        return new
    return known


class Accesses:
    """All of them, by job and phase, and by place."""

    def __init__(self) -> None:
        self._of: dict[tuple[Job, str], dict[Accessed, Counts]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Accesses) and self._of == other._of

    __hash__ = None  # type: ignore[assignment]  # it changes

    def add(self, job: Job, phase: str, places: Iterable[tuple[Accessed, Counts]]) -> None:
        """Add those of one job, or of the main thread in one phase."""
        known = self._of.setdefault((job, phase), {})
        for place, counts in places:
            if place in known:
                known[place].merge(counts)
            else:
                known[place] = counts

    def merge(self, other: Accesses) -> None:
        """Add those of another record."""
        for (job, phase), places in other._of.items():
            self.add(job, phase, places.items())

    def rows(self) -> Iterator[tuple[Job, str, Accessed, Counts]]:
        """All, sorted."""
        for job, phase in sorted(self._of, key=lambda key: (key[0].element, key[0].action, key[0].try_, key[1])):
            places = self._of[job, phase]
            for place in sorted(places):
                yield job, phase, place, places[place]

    def to_plain(self) -> list[dict[str, Any]]:
        """JSON-ready data; the inverse of `from_plain`."""
        return [
            {
                "job": job.to_plain(),
                "phase": phase,
                **place._asdict(),
                "reads": counts.reads,
                "writes": counts.writes,
                "read_at": counts.read_at and counts.read_at.to_plain(),
                "written_at": counts.written_at and counts.written_at.to_plain(),
            }
            for job, phase, place, counts in self.rows()
        ]

    @classmethod
    def from_plain(cls, data: list[dict[str, Any]]) -> Accesses:
        """Rebuild them from `to_plain` data."""
        found = cls()
        for row in data:
            place = Accessed(row["kind"], row["unit"], row["attribute"], row["way"])
            by = (By.from_plain(row[name]) for name in ("read_at", "written_at"))
            counts = Counts(row["reads"], row["writes"], *by)
            found.add(Job.from_plain(row["job"]), row["phase"], [(place, counts)])
        return found
