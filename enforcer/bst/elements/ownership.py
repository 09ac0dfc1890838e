"""Whose a container is that the plugins of several elements keep: the element's that had it first, or nobody's.

An element can have it from another one: as a dependent that was told of its dependencies, or as a dependency that was
given it by a dependent. Whoever holds it in no such way has it from a place that is no element's (a cache, a global of
a library), and so may all the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from enforcer.bst.elements.acquired import Acquired, Since
from enforcer.bst.elements.parts import depends_on
from enforcer.graph.unit import Unit


def owner_among(acquired: Acquired, obj: object, holders: Collection[Unit]) -> Unit | None:
    """Which of the elements that hold `obj` had it first; None if it is nobody's."""
    since = {unit: acquired.since(_element(unit), obj) for unit in holders}
    first = _first(since)
    if first is None:
        return None
    explained, others = [first], set(holders) - {first}
    while others:
        more = [unit for unit in others if _can_have_it_from(unit, since[unit], explained)]
        if not more:
            return None
        explained += more
        others.difference_update(more)
    return first


def _first(since: dict[Unit, Since]) -> Unit | None:
    """The only one that had it when it was made; else, of those that hold it longest, the one that all others need."""
    made = [unit for unit, when in since.items() if when is Since.MADE]
    if made:
        return made[0] if len(made) == 1 else None
    longest = [unit for unit, when in since.items() if when is not Since.LATER] or list(since)
    elements = list(map(_element, longest))
    needing_none = [unit for unit in longest if not depends_on(_element(unit), elements)]
    return needing_none[0] if len(needing_none) == 1 else None


def _can_have_it_from(unit: Unit, since: Since, others: list[Unit]) -> bool:
    element, elements = _element(unit), list(map(_element, others))
    if since is Since.MADE:
        return False
    if depends_on(element, elements):
        return True
    return since is not Since.LOADED and any(depends_on(other, [element]) for other in elements)


def _element(unit: Unit) -> Any:
    return unit.roots[0][0]
