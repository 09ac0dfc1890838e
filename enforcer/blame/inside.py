"""What a value that was put in holds, deep down: it has no cells yet in which an edit would be seen."""

from __future__ import annotations

import gc
import types
from operator import is_
from typing import Any

from enforcer.graph.values import ATOMIC_IDS, identity, is_class, is_one_of

_MOST = 2000
"""Of what it holds, no more objects are looked at."""

_LEADS_AWAY = (types.ModuleType, types.FunctionType, types.CodeType, types.FrameType)


class InsideOf:
    """A value, and the objects that it held at the last look; nothing is asked of them."""

    def __init__(self, value: Any) -> None:
        self._value = value
        self._held = _held_by(value)

    def __len__(self) -> int:
        return len(self._held)

    def changed(self) -> bool:
        """Whether it holds something else than at the last look."""
        before, self._held = self._held, _held_by(self._value)
        return len(before) != len(self._held) or not all(map(is_, before, self._held))


def _held_by(value: Any) -> list[Any]:
    """Every object below, in an order that stays the same; what is shared is listed as often as it is met."""
    found: list[Any] = []
    todo, seen = [value], {id(value)}
    while todo and len(found) < _MOST:
        held = gc.get_referents(todo.pop())
        found += held
        for each in held:
            if id(each) not in seen and _leads_on(each):
                seen.add(id(each))
                todo.append(each)
    return found


def _leads_on(value: Any) -> bool:
    kind = type(value)
    return identity(kind) not in ATOMIC_IDS and not is_class(value) and not is_one_of(kind, _LEADS_AWAY)
