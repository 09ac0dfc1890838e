"""How fields of several reports become one: a rule for each way, named in the table of fields (`format.py`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from functools import cached_property, reduce
from typing import Any

from enforcer.reports.access import Access, merged_accesses
from enforcer.reports.cost import Cost
from enforcer.reports.coverage import CoverageReport, merged_coverage
from enforcer.reports.elements import Element, merged_graphs
from enforcer.reports.value import (
    EXAMPLE_LIMIT,
    Action,
    Group,
    Report,
    Violation,
    all_versions,
    best_first,
    group_order,
    within_limits,
)


class Merging:
    """Several reports, and what more than one rule needs to know of them together."""

    def __init__(self, reports: Sequence[Report]) -> None:
        self._reports = reports

    def each(self, name: str) -> list[Any]:
        """One field, of each report."""
        return [getattr(report, name) for report in self._reports]

    @cached_property
    def groups(self) -> list[Group]:
        """All groups with all violations that the reports list."""
        alike = defaultdict(list)
        for group in (group for groups in self.each("groups") for group in groups):
            alike[group.key].append(group)
        return sorted(map(_group, alike.values()), key=lambda group: repr((group_order(group.finding), group.key)))

    @cached_property
    def listed(self) -> tuple[Group, ...]:
        """What of them there is room for."""
        return within_limits(self.groups)

    @cached_property
    def graph(self) -> tuple[Element, ...]:
        """The elements of all."""
        return merged_graphs(self.each("graph"))


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


# Rules for any field of their kind.


def first_of(*order: str) -> Callable[[Merging, str], str]:
    """The text that comes first in this order."""
    return lambda merging, name: min(merging.each(name), key=order.index)


def joined(merging: Merging, name: str) -> str:
    """All different texts, in one."""
    return ", ".join(sorted(set(merging.each(name))))


def total(merging: Merging, name: str) -> int:
    """The sum."""
    counts: list[int] = merging.each(name)
    return sum(counts)


def most(merging: Merging, name: str) -> int:
    """The most that one has: nobody knows which ones they have in common."""
    counts: list[int] = merging.each(name)
    return max(counts)


def union(merging: Merging, name: str) -> tuple[Any, ...]:
    """What is in any, sorted: texts, or tuples of them."""
    return tuple(sorted({text for texts in merging.each(name) for text in texts}))


def in_all(merging: Merging, name: str) -> tuple[str, ...]:
    """What is in all, sorted."""
    return tuple(sorted(set.intersection(*map(set, merging.each(name)))))


def if_same(merging: Merging, name: str) -> tuple[str, ...]:
    """What all say, or nothing where they differ."""
    different = {*merging.each(name)}
    return different.pop() if len(different) == 1 else ()


def total_counts(merging: Merging, name: str) -> tuple[tuple[str, int], ...]:
    """Counts by name, added up."""
    return _sorted(sum((Counter(dict(counts)) for counts in merging.each(name)), Counter()))


def most_counts(merging: Merging, name: str) -> tuple[tuple[str, int], ...]:
    """Counts by name, of each the most that one report has."""
    return _sorted(reduce(Counter.__or__, (Counter(dict(counts)) for counts in merging.each(name))))


def _sorted(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items()))


# Rules for one field.


def versions(merging: Merging, name: str) -> tuple[tuple[str, str | None], ...]:
    """Of each thing all versions that there were."""
    return tuple(all_versions(map(dict, merging.each(name))).items())


def elements(merging: Merging, name: str) -> int:
    """How many different ones there were, as far as that is known."""
    counts: list[int] = merging.each(name)
    return max(len(merging.graph), *counts)


def cached(merging: Merging, name: str) -> tuple[str, ...]:
    """Those that no report exercised."""
    return tuple(sorted({*union(merging, name)} - {*union(merging, "exercised")}))


def omitted(merging: Merging, name: str) -> int:
    """What no listed violation counts."""
    shown = sum(violation.count for group in merging.listed for violation in group.violations)
    return sum(total(merging, count) for count in ("new", "known", "allowed")) - shown


def omitted_groups(merging: Merging, name: str) -> int:
    """At most: what several reports have left out may be the same."""
    return total(merging, name) + len(merging.groups) - len(merging.listed)


def groups(merging: Merging, name: str) -> tuple[Group, ...]:
    """As many as there is room for."""
    return merging.listed


def files(merging: Merging, name: str) -> tuple[tuple[str, str], ...]:
    """Where the files are, of which all reports say the same."""
    paths = defaultdict(set)
    for file, path in (pair for pairs in merging.each(name) for pair in pairs):
        paths[file].add(path)
    return tuple((file, found.pop()) for file, found in sorted(paths.items()) if len(found) == 1)


def graph(merging: Merging, name: str) -> tuple[Element, ...]:
    """One graph."""
    return merging.graph


def actions(merging: Merging, name: str) -> tuple[Action, ...]:
    """Counts, added up for each action."""
    counts: defaultdict[str, list[tuple[int, ...]]] = defaultdict(list)
    for each in (action for actions in merging.each(name) for action in actions):
        counts[each.action].append((each.jobs, each.checked, each.skipped, each.plugin_code))
    return tuple(Action(action, *map(sum, zip(*counts[action], strict=True))) for action in sorted(counts))


def access(merging: Merging, name: str) -> tuple[Access, ...]:
    """Reads and writes, added up for each job and attribute."""
    return merged_accesses(access for accesses in merging.each(name) for access in accesses)


def cost(merging: Merging, name: str) -> Cost:
    """Added up."""
    return Cost(*map(sum, zip(*map(astuple, merging.each(name)), strict=True)))


def coverage(merging: Merging, name: str) -> CoverageReport | None:
    """What ran in any; an element was skipped if no report exercised it."""
    return merged_coverage(merging.each(name), union(merging, "exercised"))
