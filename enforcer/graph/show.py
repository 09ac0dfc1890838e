"""Texts for values: address-free, bounded, and without running a `__repr__` that somebody wrote."""

from __future__ import annotations

import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from enforcer.graph.values import ATOMIC_IDS, class_name, full_class_name, identity, readable

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
    if kind is str:
        return repr(readable(value[:LIMIT]))  # type: ignore[index]
    if kind is bytes:
        return repr(value[:LIMIT])  # type: ignore[index]
    if identity(kind) in ATOMIC_IDS:
        return _show_atom(value)
    described = describe(value)
    if described is not None:
        return described
    if depth >= _MAX_DEPTH:
        return "…"
    container = _CONTAINERS.get(id(kind))
    if container is not None:
        return container(value, lambda inner: show(inner, describe, depth + 1))
    return _show_object(value)


def _show_atom(value: Any) -> str:
    try:
        return repr(value)
    except ValueError:  # more digits than Python converts
        return hex(value) if type(value) is int else f"<{type(value).__name__} object>"


def _show_object(value: Any) -> str:
    kind = type(value)
    if issubclass(kind, type):
        return f"<class {full_class_name(value)}>"
    if kind is types.FunctionType:
        return f"<function {value.__qualname__}>"
    if kind is types.MethodType:
        function = value.__func__
        return f"<bound method {function.__qualname__ if type(function) is types.FunctionType else '?'}>"
    if kind is types.BuiltinFunctionType:
        return f"<built-in {value.__name__}>"
    if kind is types.ModuleType:
        name = object.__getattribute__(value, "__dict__").get("__name__")
        return f"<module {readable(name) if type(name) is str else show(name)}>"
    return f"<{class_name(kind)} object>"


def items_of(mapping: Any) -> Iterable[tuple[Any, Any]]:
    """The items of a dict or `OrderedDict`, in its order unless a key's `__hash__` or `__eq__` stands in the way."""
    try:
        return list(mapping.items())
    except Exception:
        return list(dict.items(mapping))


def _items(values: Iterable[Any], inner: Callable[[Any], str]) -> str:
    return _joined(map(inner, values))


def _joined(texts: Iterable[str]) -> str:
    """As many texts as are shown; no more are made, as what is shared in many places would multiply."""
    shown: list[str] = []
    length = 0
    for text in texts:
        if len(shown) == _MAX_ITEMS or length > LIMIT:
            shown.append("…")
            break
        shown.append(text)
        length += len(text)
    return ", ".join(shown)


def _pairs(mapping: Any, inner: Callable[[Any], str]) -> str:
    return _joined(f"{inner(key)}: {inner(value)}" for key, value in items_of(mapping))


def _sorted_set(values: Any, inner: Callable[[Any], str]) -> str:
    # The order of a set of strings changes from process to process.
    return ", ".join(sorted(map(inner, islice(values, 1000)))[:_MAX_ITEMS])


_TEXTS: dict[type, Callable[[Any, Callable[[Any], str]], str]] = {
    dict: lambda value, inner: "{" + _pairs(value, inner) + "}",
    OrderedDict: lambda value, inner: "OrderedDict({" + _pairs(value, inner) + "})",
    list: lambda value, inner: "[" + _items(value, inner) + "]",
    deque: lambda value, inner: "deque([" + _items(value, inner) + "])",
    tuple: lambda value, inner: "(" + _items(value, inner) + ("," if len(value) == 1 else "") + ")",
    set: lambda value, inner: ("{" + _sorted_set(value, inner) + "}") if value else "set()",
    frozenset: lambda value, inner: "frozenset({" + _sorted_set(value, inner) + "})",
}
# By id: hashing a class runs the `__hash__` of its metaclass.
_CONTAINERS = {id(kind): text for kind, text in _TEXTS.items()}
