"""Which plugins there are, and whose code a job runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from enforcer.bst.elements.core_code import is_class_of_buildstream
from enforcer.bst.elements.parts import sources_of
from enforcer.graph.values import vars_of


def had_turn(action: str, element: Any) -> set[str]:
    """The plugins whose methods a job of this action calls; empty for one that runs BuildStream's core only."""
    if action == "Build":
        return {_shown(element, "element")}
    # Of sources that are all fetched, a job that stages them still runs `stage()`.
    return {_shown(source, "source") for source in sources_of(element)} if action in ("Fetch", "Track") else set()


def not_bundled(elements: Iterable[Any]) -> set[str]:
    """The plugins of these elements and their sources that do not come with BuildStream."""
    found = [(element, "element") for element in elements]
    found += [(source, "source") for element, _ in found for source in sources_of(element)]
    return {_shown(plugin, sort) for plugin, sort in found if not is_class_of_buildstream(type(plugin))}


def _shown(plugin: Any, sort: str) -> str:
    return f"{vars_of(plugin).get('_Plugin__kind', '')} ({sort})"
