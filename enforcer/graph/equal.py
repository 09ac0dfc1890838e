"""Whether two plain values say the same, although they are different objects."""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import chain
from typing import Any

from enforcer.graph.values import is_one_of, same

_MAX_DEPTH = 50


def equal_plain(a: Any, b: Any, depth: int = 0) -> bool:
    """Whether `a` and `b` are built-in containers of equal shape and equal atoms, in the same order.

    Runs nobody's `__eq__`. False for anything that holds an object of another type, unless it is
    the very same object in the same place.
    """
    kind = type(a)
    if same(a, b):
        return True
    if kind is not type(b) or depth > _MAX_DEPTH:
        return False
    if is_one_of(kind, (list, tuple, deque)):
        return len(a) == len(b) and all(equal_plain(x, y, depth + 1) for x, y in zip(a, b, strict=True))
    if is_one_of(kind, (dict, OrderedDict)):
        parts = zip(chain.from_iterable(a.items()), chain.from_iterable(b.items()), strict=True)
        return len(a) == len(b) and all(equal_plain(x, y, depth + 1) for x, y in parts)
    if is_one_of(kind, (set, frozenset)):
        return same(frozenset(a), frozenset(b))
    return False
