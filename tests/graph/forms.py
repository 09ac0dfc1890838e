"""What objects hold, without addresses: the same in every process that holds the same."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from typing import Any

from tests.graph import oracle

Form = dict[Any, Any]


def global_name(obj: Any) -> str | None:
    """Where a function stands that every process can look up by that."""
    found = type(obj) is types.FunctionType and "<" not in obj.__qualname__
    return f"{obj.__module__}.{obj.__qualname__}" if found else None


def form_of_all(roots: Iterable[Any], name_in_all: Callable[[Any], Any]) -> Form:
    """What each object below `roots` holds; `name_in_all` gives an object's name in every process, or None."""

    def name_of(obj: Any) -> Any:
        name = name_in_all(obj) or global_name(obj)
        assert name is not None, f"a {type(obj).__name__} has no name"
        return name

    snapshot = oracle.snapshot(roots)
    return {name_of(copy.obj): [form_of_part(part, name_of) for part in copy.parts] for copy in snapshot.values()}


def form_of_part(part: oracle.Part, name_of: Callable[[Any], Any]) -> Any:
    """The entries of one part of an object without addresses."""
    pairs = [(form_of(name, name_of), form_of(value, name_of)) for name, value in part.entries]
    return (part.name, pairs if part.ordered else sorted(pairs, key=repr))


def form_of(value: Any, name_of: Callable[[Any], Any]) -> Any:
    kind = type(value)
    if kind in oracle.ATOMS:
        return (kind.__name__, repr(value))
    if issubclass(kind, tuple):
        return (kind.__name__, [form_of(item, name_of) for item in tuple.__iter__(value)])
    if issubclass(kind, frozenset):
        return (kind.__name__, sorted((form_of(item, name_of) for item in frozenset.__iter__(value)), key=repr))
    if kind in (types.MethodType, types.BuiltinFunctionType):
        return (kind.__name__, name_of(value.__self__), value.__name__)
    if kind is types.MappingProxyType:
        return (kind.__name__, name_of(oracle.behind(value)))
    if oracle.is_class(value) or kind in (types.CodeType, types.ModuleType, types.GetSetDescriptorType):
        return value.__name__ if kind is not types.CodeType else value.co_name
    return name_of(value)
