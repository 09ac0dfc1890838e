"""Texts for values: address-free, bounded, and without running a `__repr__` that somebody wrote."""

from __future__ import annotations

import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from enforcer.graph.values import ATOMIC

LIMIT = 2000
"""Texts are cut at this many characters."""

_MAX_ITEMS = 20
_MAX_DEPTH = 4

Describe = Callable[[object], "str | None"]
"""Gives the text of an object of a type that this package does not know, or None."""


def _describe_nothing(_: object) -> str | None:
    return None


def show(value: object, describe: Describe = _describe_nothing, depth: int = 0) -> str:
    """The text of `value`: the `repr` of atoms, the inside of built-in containers, else its type's name."""
    text = _show(value, describe, depth)
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def _show(value: object, describe: Describe, depth: int) -> str:
    kind = type(value)
    if kind in (str, bytes):
        return repr(value[:LIMIT])  # type: ignore[index]
    if kind in ATOMIC:
        return repr(value)
    described = describe(value)
    if described is not None:
        return described
    if depth >= _MAX_DEPTH:
        return "…"
    container = _CONTAINERS.get(kind)
    if container is not None:
        return container(value, lambda inner: show(inner, describe, depth + 1))
    return _show_object(value)


def _show_object(value: object) -> str:
    if isinstance(value, type):
        return f"<class {value.__module__}.{value.__qualname__}>"
    if isinstance(value, types.FunctionType):
        return f"<function {value.__qualname__}>"
    if isinstance(value, types.MethodType):
        return f"<bound method {getattr(value.__func__, '__qualname__', '?')}>"
    if isinstance(value, types.BuiltinFunctionType):
        return f"<built-in {value.__name__}>"
    if isinstance(value, types.ModuleType):
        return f"<module {value.__name__}>"
    return f"<{type(value).__name__} object>"


def _items(values: Iterable[Any], inner: Callable[[Any], str]) -> str:
    shown = [inner(value) for value in islice(values, _MAX_ITEMS + 1)]
    if len(shown) > _MAX_ITEMS:
        shown[_MAX_ITEMS] = "…"
    return ", ".join(shown)


def _pairs(mapping: Any, inner: Callable[[Any], str]) -> str:
    pairs = [f"{inner(key)}: {inner(value)}" for key, value in islice(mapping.items(), _MAX_ITEMS)]
    if len(mapping) > _MAX_ITEMS:
        pairs.append("…")
    return ", ".join(pairs)


def _sorted_set(values: Any, inner: Callable[[Any], str]) -> str:
    # The order of a set of strings changes from process to process.
    return ", ".join(sorted(map(inner, islice(values, 1000)))[:_MAX_ITEMS])


_CONTAINERS: dict[type, Callable[[Any, Callable[[Any], str]], str]] = {
    dict: lambda value, inner: "{" + _pairs(value, inner) + "}",
    OrderedDict: lambda value, inner: "OrderedDict({" + _pairs(value, inner) + "})",
    list: lambda value, inner: "[" + _items(value, inner) + "]",
    deque: lambda value, inner: "deque([" + _items(value, inner) + "])",
    tuple: lambda value, inner: "(" + _items(value, inner) + ("," if len(value) == 1 else "") + ")",
    set: lambda value, inner: ("{" + _sorted_set(value, inner) + "}") if value else "set()",
    frozenset: lambda value, inner: "frozenset({" + _sorted_set(value, inner) + "})",
}
