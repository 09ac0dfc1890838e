"""Say what differs inside of two large values, and where. Explains only: cells detect."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from deepdiff import DeepDiff

from enforcer.graph.kinds import by_name
from enforcer.graph.show import Describe, items_of, show
from enforcer.graph.values import ATOMIC_IDS, hash_free_key, identity, same
from enforcer.masking import cut, mask

_MAX_LINES = 4
_MAX_DEPTH = 6
_MAX_ITEMS = 200
_MAX_TOTAL = 5000
_MAX_SHOWN = 100
_TEXT_DEPTH = 3  # of `show`: what is left out here is not shown in full either
_MAX_BITS = 1000  # DeepDiff prints numbers, and Python refuses to print very long ones

_TEXTS = (str, bytes)
_SEQUENCES = (list, tuple, deque)
_MAPPINGS = (dict, OrderedDict)
_SETS = (set, frozenset)

_ADDED = ("iterable_item_added", "dictionary_item_added", "set_item_added")
_REMOVED = ("iterable_item_removed", "dictionary_item_removed", "set_item_removed")


def explain_difference(before: Any, after: Any, describe: Describe) -> tuple[str, ...]:
    """Lines such as `['a'][2]: 1 became 2` and `+ [3]: 'x'`; values that are secrets by their names are masked.

    Empty when a value is absent, both are neither long texts nor containers of a sort, or too much differs.
    """
    if _both(before, after, _TEXTS):
        return _of_texts(before, after)
    sides = _narrowed(before, after)
    if sides is None or any(len(side) > _MAX_ITEMS for side in sides[1:]):
        return ()
    start, *rest = sides
    old, new = (_Plainer(describe).top(side) for side in rest)
    # Both are built-in containers of texts and numbers by now: DeepDiff runs no plugin's code.
    levels = DeepDiff(old, new, view="tree", verbose_level=2, threshold_to_diff_deeper=0)
    lines = [line for _, line in sorted(_line(kind, level, start) for kind in levels for level in levels[kind])]
    if len(lines) > _MAX_LINES:
        lines = [*lines[:_MAX_LINES], f"and {len(lines) - _MAX_LINES} more differences"]
    return tuple(lines)


def _both(before: Any, after: Any, kinds: Iterable[type]) -> bool:
    """Whether both are of one of these very types; nothing is asked of a class that somebody wrote."""
    return all(any(type(side) is kind for kind in kinds) for side in (before, after))


def _of_texts(before: Any, after: Any) -> tuple[str, ...]:
    """What stands between the common beginning and the common end of two texts."""
    if type(before) is not type(after) or before == after or max(len(before), len(after)) < _MAX_SHOWN:
        return ()
    start, end = _common_ends(before, after)
    old, new = (side[start : len(side) - end] for side in (before, after))
    if not old:
        return (_said("+", f"[{start}]", new),)
    place = f"[{start}:{start + len(old)}]"
    return (_said("", place, old, new) if new else _said("-", place, old),)


def _common_ends(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, int]:
    shorter = min(len(before), len(after))
    start = next((n for n in range(shorter) if not same(before[n], after[n])), shorter)
    rest = shorter - start
    return start, next((n for n in range(rest) if not same(before[-1 - n], after[-1 - n])), rest)


class _Pairs(list[Any]):
    """Entries of a mapping."""


class _Members(list[Any]):
    """Members of a set."""


def _narrowed(before: Any, after: Any) -> tuple[int, Any, Any] | None:
    """The two containers without what both have, and where in a sequence the rest begins; None for anything else."""
    if _both(before, after, _SEQUENCES):
        old, new = list(before), list(after)
        start, end = _common_ends(old, new)
        return start, old[start : len(old) - end], new[start : len(new) - end]
    if _both(before, after, _MAPPINGS):
        had, has = (by_name(list(items_of(side))) for side in (before, after))
        same_keys = {key for key in had if key in has and same(had[key][1], has[key][1])}
        old, new = (_Pairs(pair for key, pair in side.items() if key not in same_keys) for side in (had, has))
        return 0, old, new
    if _both(before, after, _SETS):
        left, right = ({hash_free_key(value): value for value in side} for side in (before, after))
        return 0, _members_of(left, right), _members_of(right, left)
    return None


def _members_of(side: dict[object, Any], other: dict[object, Any]) -> _Members:
    return _Members(value for key, value in side.items() if key not in other)


def _line(kind: str, level: Any, start: int) -> tuple[list[tuple[bool, int, str]], str]:
    """One difference that DeepDiff found, and what it is sorted by."""
    path = level.path(output_format="list")
    path = [step for step in path if step is not None]  # the place of a member of a set
    if path and start and type(path[0]) is int:
        path[0] += start
    place = "".join(f"[{show(step)}]" for step in path)
    if kind in _ADDED:
        line = _said("+", place, level.t2)
    elif kind in _REMOVED:
        line = _said("-", place, level.t1)
    else:
        line = _said("", place, level.t1, level.t2)
    return [(type(step) is not int, step if type(step) is int else 0, str(step)) for step in path], line


def _said(sign: str, place: str, *values: Any) -> str:
    """The line about one difference. A secret is known by the place that its value has, so this masks it."""
    texts = [cut(mask(place, value if type(value) is _Text else show(value)) or "", _MAX_SHOWN) for value in values]
    return " ".join(filter(None, [sign, place and f"{place}:", " became ".join(texts)]))


class _Text(str):
    """What something is shown as that is no text itself."""


class _Plainer:
    """Makes containers of atoms and texts, of a bounded size although what is shared is repeated."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._left = _MAX_TOTAL

    def top(self, side: list[Any]) -> Any:
        """What `_narrowed` gave."""
        if type(side) is _Pairs:
            return self._mapping(side, 0)
        return self._members(side) if type(side) is _Members else self._sequence(side, 0)

    def _plain(self, value: Any, depth: int) -> Any:
        self._left -= 1
        kind = type(value)
        if kind is int or identity(kind) not in ATOMIC_IDS:
            return self._container(value, kind, depth)
        return value

    def _container(self, value: Any, kind: type, depth: int) -> Any:
        if self._left < 0:
            return _Text("…")
        if depth < _MAX_DEPTH:
            if any(kind is each for each in _MAPPINGS):
                return self._mapping(items_of(value), depth)
            if any(kind is each for each in _SEQUENCES):
                return self._sequence(value, depth)
            if any(kind is each for each in _SETS):
                return self._members(value)
        if kind is int and value.bit_length() < _MAX_BITS:
            return value
        return _Text(show(value, self._describe, depth=_TEXT_DEPTH))

    def _mapping(self, items: Iterable[tuple[Any, Any]], depth: int) -> dict[Any, Any]:
        return {self._key(key): self._plain(item, depth + 1) for key, item in islice(items, _MAX_ITEMS)}

    def _sequence(self, items: Iterable[Any], depth: int) -> list[Any]:
        return [self._plain(item, depth + 1) for item in islice(items, _MAX_ITEMS)]

    def _members(self, members: Iterable[Any]) -> set[Any]:
        # Sorted before it is cut: the order of a set of strings changes from process to process.
        return set(sorted(map(self._key, members), key=show)[:_MAX_ITEMS])

    def _key(self, key: Any) -> Any:
        kind = type(key)
        if kind is int:
            return self._container(key, kind, _MAX_DEPTH)
        return key if identity(kind) in ATOMIC_IDS else _Text(show(key, self._describe))
