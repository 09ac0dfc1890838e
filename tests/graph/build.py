"""Shorthands for graphs of a few objects."""

from __future__ import annotations

from typing import Any

from enforcer.graph.compare import ChangedCell
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from tests.graph.policies import OpenPolicy


class Thing:
    """An object with attributes."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def method(self) -> None:
        """Something to bind."""


def element(root: Any, name: str = "base.bst") -> Unit:
    return Unit("element", name, [(root, "")])


def graph_of(*roots: Any, policy: OpenPolicy | None = None) -> Graph:
    """A graph with one element a root, named `0.bst`, `1.bst`, …"""
    graph = Graph(policy or OpenPolicy())
    graph.add(element(root, f"{number}.bst") for number, root in enumerate(roots))
    return graph


def told(changed: list[ChangedCell]) -> list[tuple[str, str, str]]:
    """Unit, path and kind of each change."""
    return [(change.unit.name, change.raw_path(), change.change) for cell in changed for change in cell.changes]


def paths(graph: Graph) -> list[tuple[str, str]]:
    """Path and kind of each change that the graph sees."""
    return [(path, change) for _, path, change in told(graph.changed())]
