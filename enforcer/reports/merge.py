"""Several reports as one: those of a CI matrix, say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from enforcer.reports.coverage import merged_coverage
from enforcer.reports.elements import merged_graphs
from enforcer.reports.value import (
    CLEAN,
    EXAMPLE_LIMIT,
    FAILED,
    NOTHING_CHECKED,
    WARNED,
    Access,
    Group,
    Report,
    Violation,
    all_versions,
    best_first,
    group_order,
    within_limits,
)
from enforcer.results.findings import Job
from enforcer.settings.settings import Mode

_WORST_FIRST = (FAILED, WARNED, NOTHING_CHECKED, CLEAN)
_STRICTEST_FIRST = tuple(mode.value for mode in (Mode.STRICT, Mode.DISCARD, Mode.SOFT, Mode.OFF))


def merge_reports(reports: Sequence[Report]) -> Report:
    """One report that says what all of them say, whatever their order.

    Counts add up, but `cells` and objects that cannot be seen into: as nobody knows which ones the reports have in
    common, these are the most that one of them has. An element was exercised if it was in any report. What
    `omitted_groups` counts may have been left out of several reports, so there can be fewer.
    """
    return reports[0] if len(reports) == 1 else _merged(reports)


def _merged(reports: Sequence[Report]) -> Report:
    groups = _groups(reports)
    listed = within_limits(groups)
    exercised = _union(report.exercised for report in reports)
    graph = merged_graphs(report.graph for report in reports)
    known_of = {count: sum(getattr(report, count) for report in reports) for count in ("new", "known", "allowed")}
    shown = sum(violation.count for group in listed for violation in group.violations)
    return Report(
        verdict=min((report.verdict for report in reports), key=_WORST_FIRST.index),
        mode=min((report.mode for report in reports), key=_STRICTEST_FIRST.index),
        backend=", ".join(sorted({report.backend for report in reports})),
        command=_if_same(report.command for report in reports),
        versions=tuple(all_versions(dict(report.versions) for report in reports).items()),
        jobs=sum(report.jobs for report in reports),
        checked=sum(report.checked for report in reports),
        elements=max(len(graph), *(report.elements for report in reports)),
        cells=max(report.cells for report in reports),
        exercised=exercised,
        cached=tuple(sorted({*_union(report.cached for report in reports)} - {*exercised})),
        **known_of,
        omitted=sum(known_of.values()) - shown,
        omitted_groups=sum(report.omitted_groups for report in reports) + len(groups) - len(listed),
        groups=listed,
        files=_files(reports),
        core_fills=_counts(sum((Counter(dict(report.core_fills)) for report in reports), Counter())),
        opaque=_counts(reduce(Counter.__or__, (Counter(dict(report.opaque)) for report in reports))),
        errors=_union(report.errors for report in reports),
        unwatched=_union(report.unwatched for report in reports),
        left_behind=_union(report.left_behind for report in reports),
        unused_allow=_in_all(report.unused_allow for report in reports),
        partial=_union(report.partial for report in reports),
        graph=graph,
        access=_access(reports),
        coverage=merged_coverage([report.coverage for report in reports], exercised),
    )


def _groups(reports: Iterable[Report]) -> list[Group]:
    alike = defaultdict(list)
    for group in (group for report in reports for group in report.groups):
        alike[group.key].append(group)
    return sorted(map(_group, alike.values()), key=lambda group: repr((group_order(group.finding), group.key)))


def _group(groups: list[Group]) -> Group:
    alike = defaultdict(list)
    for violation in sorted((each for group in groups for each in group.violations), key=_best_first):
        alike[violation.identity].append(violation)
    return Group(tuple(map(_violation, alike.values())), sum(group.count for group in groups))


def _best_first(violation: Violation) -> tuple[object, ...]:
    return (*best_first(violation.finding), repr(violation))


def _violation(alike: list[Violation]) -> Violation:
    examples = dict.fromkeys(example for violation in alike for example in violation.examples)
    count = sum(violation.count for violation in alike)
    return replace(alike[0], count=count, examples=tuple(examples)[:EXAMPLE_LIMIT])


def _access(reports: Iterable[Report]) -> tuple[Access, ...]:
    counts: defaultdict[tuple[Job, str, str], list[tuple[int, int]]] = defaultdict(list)
    for each in (access for report in reports for access in report.access):
        counts[(each.job, each.unit, each.attribute)].append((each.reads, each.writes))
    return tuple(Access(*where, *map(sum, zip(*counts[where], strict=True))) for where in sorted(counts, key=repr))


def _files(reports: Iterable[Report]) -> tuple[tuple[str, str], ...]:
    """Where the files are, of which all reports say the same."""
    paths = defaultdict(set)
    for file, path in (pair for report in reports for pair in report.files):
        paths[file].add(path)
    return tuple((file, found.pop()) for file, found in sorted(paths.items()) if len(found) == 1)


def _if_same(commands: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    different = {*commands}
    return different.pop() if len(different) == 1 else ()


def _union(texts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({text for each in texts for text in each}))


def _in_all(texts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted(set.intersection(*map(set, texts))))


def _counts(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items()))
