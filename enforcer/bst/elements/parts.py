"""What an element consists of, and what it depends on, read without running code of its class."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from enforcer.bst.elements import names
from enforcer.graph.unit import Unit
from enforcer.graph.values import vars_of


def sources_of(element: Any) -> list[Any]:
    """The sources of an element; none of one that is still being made (a junction's fetch runs that early)."""
    sources = vars_of(element).get("_Element__sources")
    return [] if sources is None else list(vars_of(sources)["_sources"])


def dependencies_of(element: Any) -> list[Any]:
    """The elements that an element depends on directly."""
    attributes = vars_of(element)
    return [*attributes.get("_Element__build_dependencies", ()), *attributes.get("_Element__runtime_dependencies", ())]


def element_unit(element: Any) -> Unit:
    """An element with its sources."""
    roots = [(element, ""), *((source, f"sources[{index}]") for index, source in enumerate(sources_of(element)))]
    return Unit("element", names.full_name(element), roots)


def depends_on(element: Any, others: Iterable[Any]) -> bool:
    """Whether the element depends on one of `others`, directly or not."""
    wanted = set(map(id, others))
    seen = {id(element)}
    todo = deque([element])
    while todo:
        for dependency in dependencies_of(todo.popleft()):
            if id(dependency) in wanted:
                return True
            if id(dependency) not in seen:
                seen.add(id(dependency))
                todo.append(dependency)
    return False


def dependencies_first(elements: Iterable[Any]) -> list[Any]:
    """The elements in an order that only their names and dependencies decide: none is before one that it needs."""
    by_name = sorted(elements, key=names.full_name, reverse=True)
    wanted = set(map(id, by_name))
    found: dict[int, Any] = {}
    begun: set[int] = set()
    todo = by_name
    while todo:
        element = todo[-1]
        if id(element) in begun:
            todo.pop()
            found.setdefault(id(element), element)
            continue
        begun.add(id(element))
        needed = sorted(dependencies_of(element), key=names.full_name, reverse=True)
        todo += [each for each in needed if id(each) not in begun]
    return [element for key, element in found.items() if key in wanted]
