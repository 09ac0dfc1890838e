"""Who read and wrote what, as part of the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from enforcer.reports.shown import shown_code, shown_job, shown_name
from enforcer.results.accesses import JOB, Accesses
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

    @property
    def place(self) -> tuple[object, ...]:
        """What is counted together."""
        return (self.job, self.phase, self.kind, self.unit, self.attribute, self.way)


def access_of(accesses: Accesses) -> tuple[Access, ...]:
    """All that a record has, fit to be shown."""
    found = []
    for job, phase, place, counts in accesses.rows():
        reader, writer = counts.read_at, counts.written_at
        first = reader if reader is not None and (reader.plugin or not (writer and writer.plugin)) else writer
        found.append(
            Access(
                shown_job(job), phase, place.kind, shown_name(place.unit), shown_name(place.attribute), place.way,
                counts.reads, counts.writes,
                *((_shown(first.site), _shown(first.plugin and first.core)) if first else (None, None)),
                *((_shown(writer.site), _shown(writer.plugin and writer.core)) if writer else (None, None)),
            )
        )  # fmt: skip
    return tuple(found)


@lru_cache(10_000)
def _shown(site: Site | None) -> Site | None:
    return site and Site(shown_name(site.file), site.line, shown_name(site.function), shown_code("", site.code))


def split(access: Iterable[Access]) -> tuple[tuple[Access, ...], tuple[Access, ...]]:
    """Those of jobs, and those of the main thread between them."""
    each = tuple(access)
    return tuple(one for one in each if one.phase == JOB), tuple(one for one in each if one.phase != JOB)


def merged_accesses(access: Iterable[Access]) -> tuple[Access, ...]:
    """Each place once, with the sums, and the lines of the first that has any."""
    found: dict[tuple[object, ...], Access] = {}
    for each in access:
        known = found.get(each.place)
        if known is not None:
            sites = (known.site, known.core) if known.site else (each.site, each.core)
            write_sites = (
                (known.write_site, known.write_core) if known.write_site else (each.write_site, each.write_core)
            )
            each = Access(
                each.job, each.phase, each.kind, each.unit, each.attribute, each.way,
                known.reads + each.reads, known.writes + each.writes, *sites, *write_sites,
            )  # fmt: skip
        found[each.place] = each
    return tuple(found[place] for place in sorted(found, key=repr))
