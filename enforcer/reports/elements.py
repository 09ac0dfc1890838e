"""The graph of elements that a run looked at, as far as a report shows it: who is there, and who depends on whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from enforcer.reports.shown import shown_name


@dataclass(frozen=True)
class Element:
    """One element of a graph, which is a tuple of these, sorted by name.

    Attributes:
        name: junction-qualified.
        kind: of its plugin.
        dependencies: the places in the graph of the elements that it depends on directly, sorted.
    """

    name: str
    kind: str
    dependencies: tuple[int, ...]


def element_graph(kinds: Mapping[str, str], dependencies: Mapping[str, Iterable[str]]) -> tuple[Element, ...]:
    """The graph of these elements, their names fit to be shown."""
    shown_kinds: dict[str, str] = {}
    needed: dict[str, set[str]] = {}
    for name in kinds:
        shown, kind = shown_name(name), shown_name(kinds[name])
        # A name that is too long may be shown like another one.
        shown_kinds[shown] = min(kind, shown_kinds.get(shown, kind))
        needed.setdefault(shown, set()).update(shown_name(other) for other in dependencies[name] if other in kinds)
    place = {name: number for number, name in enumerate(sorted(shown_kinds))}
    return tuple(
        Element(name, shown_kinds[name], tuple(sorted(place[other] for other in needed[name]))) for name in place
    )


def merged_graphs(graphs: Iterable[tuple[Element, ...]]) -> tuple[Element, ...]:
    """One graph of all that these have; elements of one name are one."""
    kinds: dict[str, str] = {}
    dependencies: dict[str, set[str]] = {}
    for graph in graphs:
        for element in graph:
            kinds[element.name] = min(element.kind, kinds.get(element.name, element.kind))
            needed = dependencies.setdefault(element.name, set())
            needed.update(graph[number].name for number in element.dependencies)
    return element_graph(kinds, dependencies)
