"""Classes whose methods complain when somebody calls them while detection is under way."""

from __future__ import annotations

import contextlib
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

calls: list[str] = []
"""The names of the methods that ran while they must not."""

_armed = False


@contextlib.contextmanager
def armed() -> Iterator[None]:
    """Fails when a method of a class below ran meanwhile; each also raises, as a plugin's may."""
    global _armed
    calls.clear()
    _armed = True
    try:
        yield
    finally:
        _armed = False
    assert calls == []


def _complain(name: str) -> None:
    if _armed:
        calls.append(name)
        raise RuntimeError(f"{name} ran")


class Hostile:
    def __init__(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    def __getattribute__(self, name: str) -> Any:
        _complain(f"__getattribute__({name})")
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        _complain(f"__getattr__({name})")
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        _complain("__setattr__")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _complain("__delattr__")
        object.__delattr__(self, name)

    def __eq__(self, other: object) -> bool:
        _complain("__eq__")
        return self is other

    def __ne__(self, other: object) -> bool:
        _complain("__ne__")
        return self is not other

    def __hash__(self) -> int:
        _complain("__hash__")
        return id(self) >> 4

    def __repr__(self) -> str:
        _complain("__repr__")
        return "<hostile>"

    def __bool__(self) -> bool:
        _complain("__bool__")
        return False

    def __len__(self) -> int:
        _complain("__len__")
        return 0

    def __iter__(self) -> Iterator[Any]:
        _complain("__iter__")
        return iter(())

    def method(self) -> None:
        """Something to bind."""


class HostileSlots:
    __slots__ = ("__weakref__", "a", "b")

    def __getattribute__(self, name: str) -> Any:
        _complain(f"__getattribute__({name})")
        return object.__getattribute__(self, name)

    def __eq__(self, other: object) -> bool:
        _complain("__eq__")
        return self is other

    def __hash__(self) -> int:
        _complain("__hash__")
        return id(self) >> 4

    def __repr__(self) -> str:
        _complain("__repr__")
        return "<hostile>"


class HostileMeta(type):
    def __hash__(cls) -> int:
        _complain("__hash__ of the class")
        return id(cls) >> 4

    def __eq__(cls, other: object) -> bool:
        _complain("__eq__ of the class")
        return cls is other

    def __getattribute__(cls, name: str) -> Any:
        _complain("__getattribute__ of the class")
        return type.__getattribute__(cls, name)


class HostileByClass(metaclass=HostileMeta):
    __slots__ = ("__dict__", "a")


def _hostile_container(base: type) -> type:
    """A subclass of a built-in container that complains about every method that reads it."""

    def complaining(name: str) -> Any:
        original = getattr(base, name)

        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            _complain(f"{base.__name__}.{name}")
            return original(self, *args, **kwargs)

        return method

    names = [
        "__eq__",
        "__getattribute__",
        "__getitem__",
        "__iter__",
        "__len__",
        "__repr__",
        "__reversed__",
        "__contains__",
        "__setitem__",
        "__delitem__",
        "keys",
        "values",
        "items",
        "get",
        "copy",
    ]
    body: dict[str, Any] = {name: complaining(name) for name in names if hasattr(base, name)}
    # As a container that is an element of a set needs it.
    body["__hash__"] = lambda self: id(self) >> 4
    return type(f"Hostile{base.__name__.title()}", (base,), body)


HostileDict = _hostile_container(dict)
HostileList = _hostile_container(list)
HostileSet = _hostile_container(set)
HostileDeque = _hostile_container(deque)
HostileOrderedDict = _hostile_container(OrderedDict)
