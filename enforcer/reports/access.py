"""Who read and wrote what, as part of the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from enforcer.reports.shown import shown_code, shown_job, shown_name
from enforcer.results.accesses import JOB, Accesses, By, first
from enforcer.results.findings import Job, Site


@dataclass(frozen=True)
class Access:
    """How often one job, or the main thread in one phase, read and wrote one attribute of a unit, and came there how.

    Attributes:
        job: whose job; in the phase `scheduling` none, with an empty name.
        phase: one of `enforcer.results.accesses.PHASES`.
        kind: the owner kind of the unit.
        way: one of `enforcer.results.accesses.WAYS`.
        site: the first line that did it, plugin code before core.
        core: the line of core, where that was done on behalf of plugin code.
        write_site, write_core: the same of the first write.
        by_plugin: whether plugin code did it, or had core do it.
    """

    job: Job
    phase: str
    kind: str
    unit: str
    attribute: str
    way: str
    reads: int
    writes: int
    site: Site | None = None
    core: Site | None = None
    write_site: Site | None = None
    write_core: Site | None = None
    by_plugin: bool = False

    @property
    def is_own(self) -> bool:
        """Whether it is state of the job's own element."""
        return self.kind == "element" and self.unit == self.job.element

    @property
    def place(self) -> tuple[object, ...]:
        """What is counted together."""
        return (self.job, self.phase, self.kind, self.unit, self.attribute, self.way)


def access_of(accesses: Accesses) -> tuple[Access, ...]:
    """All that a record has, fit to be shown."""
    return tuple(
        Access(
            shown_job(job), phase, place.kind, shown_name(place.unit), shown_name(place.attribute), place.way,
            counts.reads, counts.writes,
            *_sites(first(counts.read_at, counts.written_at)), *_sites(counts.written_at),
            by_plugin=any(by is not None and by.plugin is not None for by in (counts.read_at, counts.written_at)),
        )
        for job, phase, place, counts in accesses.rows()
    )  # fmt: skip


def _sites(by: By | None) -> tuple[Site | None, Site | None]:
    """The line to show, and the one of core that runs on behalf of that."""
    if by is None:
        return None, None
    return _shown(by.site), _shown(by.core) if by.plugin is not None else None


@lru_cache(10_000)
def _shown(site: Site | None) -> Site | None:
    return site and Site(shown_name(site.file), site.line, shown_name(site.function), shown_code("", site.code))


def of_jobs_and_between(access: Iterable[Access]) -> tuple[tuple[Access, ...], tuple[Access, ...]]:
    """Those of jobs, and those of the main thread between them."""
    each = tuple(access)
    return tuple(one for one in each if one.phase == JOB), tuple(one for one in each if one.phase != JOB)


def merged_accesses(access: Iterable[Access]) -> tuple[Access, ...]:
    """Each place once, with the sums, and the lines of the first that has any."""
    found: dict[tuple[object, ...], Access] = {}
    for each in access:
        known = found.get(each.place)
        found[each.place] = each if known is None else _sum(known, each)
    return tuple(found[place] for place in sorted(found, key=repr))


def _sum(one: Access, other: Access) -> Access:
    sited = one if one.site and (one.by_plugin or not other.by_plugin) else other
    writing = one if one.write_site else other
    return replace(
        one,
        reads=one.reads + other.reads,
        writes=one.writes + other.writes,
        site=sited.site,
        core=sited.core,
        write_site=writing.write_site,
        write_core=writing.write_core,
        by_plugin=one.by_plugin or other.by_plugin,
    )
