"""Say more precisely what differs inside of two large values. Explains only: cells detect."""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import islice
from typing import Any

from deepdiff import DeepDiff

from enforcer.graph.compare import ABSENT
from enforcer.graph.show import Describe, items_of, show
from enforcer.graph.values import ATOMIC_IDS

_MAX_LINES = 5
_MAX_DEPTH = 6
_MAX_ITEMS = 200
_MAX_TOTAL = 5000
_TEXT_DEPTH = 3  # of `show`: what is left out here is not shown in full either
_MAX_BITS = 1000  # DeepDiff prints numbers, and Python refuses to print very long ones


def explain_difference(before: Any, after: Any, describe: Describe) -> tuple[str, ...]:
    """Lines such as `['a'][2]: 1 became 2`; empty when a value is absent, or neither is a container."""
    if before is ABSENT or after is ABSENT:
        return ()
    old, new = (_Plainer(describe).plain(side, 0) for side in (before, after))
    if type(old) is not type(new) or not isinstance(old, (dict, list, set)):
        return ()
    # Both are built-in containers of texts and numbers by now: DeepDiff runs no plugin's code.
    lines = sorted(DeepDiff(old, new, verbose_level=2).pretty().splitlines())
    shown = [line.replace("root", "", 1) for line in lines[:_MAX_LINES]]
    if len(lines) > _MAX_LINES:
        shown.append(f"and {len(lines) - _MAX_LINES} more differences")
    return tuple(shown)


class _Plainer:
    """Makes containers of atoms and texts, of a bounded size although what is shared is repeated."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._left = _MAX_TOTAL

    def plain(self, value: Any, depth: int) -> Any:
        self._left -= 1
        kind = type(value)
        if kind is int or id(kind) not in ATOMIC_IDS:
            return self._container(value, kind, depth)
        return value

    def _container(self, value: Any, kind: type, depth: int) -> Any:
        if self._left < 0:
            return "…"
        if depth < _MAX_DEPTH:
            if kind is dict or kind is OrderedDict:
                items = islice(items_of(value), _MAX_ITEMS)
                return {self._key(key): self.plain(item, depth + 1) for key, item in items}
            if kind is list or kind is tuple or kind is deque:
                return [self.plain(item, depth + 1) for item in islice(value, _MAX_ITEMS)]
            if kind is set or kind is frozenset:
                # Sorted before it is cut: the order of a set of strings changes from process to process.
                return set(sorted(map(self._key, value), key=show)[:_MAX_ITEMS])
        if kind is int and value.bit_length() < _MAX_BITS:
            return value
        return show(value, self._describe, depth=_TEXT_DEPTH)

    def _key(self, key: Any) -> Any:
        kind = type(key)
        if kind is int:
            return self._container(key, kind, _MAX_DEPTH)
        return key if id(kind) in ATOMIC_IDS else show(key, self._describe)
