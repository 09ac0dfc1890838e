"""Say more precisely what differs inside of two large values. Explains only: cells detect."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

from deepdiff import DeepDiff

from enforcer.graph.compare import ABSENT
from enforcer.graph.show import Describe, show
from enforcer.graph.values import ATOMIC

_MAX_LINES = 5
_MAX_DEPTH = 6
_MAX_ITEMS = 200


def explain(before: Any, after: Any, describe: Describe) -> tuple[str, ...]:
    """Lines such as `['a'][2]: 1 became 2`; empty when a value is absent, or neither is a container."""
    if before is ABSENT or after is ABSENT:
        return ()
    old, new = _plain(before, describe, 0), _plain(after, describe, 0)
    if type(old) is not type(new) or not isinstance(old, (dict, list, set)):
        return ()
    # Both are built-in containers of texts and numbers by now: DeepDiff runs no plugin's code.
    lines = sorted(DeepDiff(old, new, verbose_level=2).pretty().splitlines())
    shown = [line.replace("root", "", 1) for line in lines[:_MAX_LINES]]
    if len(lines) > _MAX_LINES:
        shown.append(f"and {len(lines) - _MAX_LINES} more differences")
    return tuple(shown)


def _plain(value: Any, describe: Describe, depth: int) -> Any:
    """`value` as containers of atoms and texts."""
    kind = type(value)
    if kind in ATOMIC:
        return value
    if depth >= _MAX_DEPTH:
        return show(value, describe)
    if kind in (dict, OrderedDict):
        items = list(value.items())[:_MAX_ITEMS]
        return {_key(key, describe): _plain(item, describe, depth + 1) for key, item in items}
    if kind in (list, tuple, deque):
        return [_plain(item, describe, depth + 1) for item in list(value)[:_MAX_ITEMS]]
    if kind in (set, frozenset):
        return {_key(item, describe) for item in list(value)[:_MAX_ITEMS]}
    return show(value, describe)


def _key(key: Any, describe: Describe) -> Any:
    return key if type(key) in ATOMIC else show(key, describe)
