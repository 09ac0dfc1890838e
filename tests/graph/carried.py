"""Classes of objects for deltas: what travels as it is, by a protocol of its own, or not at all."""

from __future__ import annotations

import collections
import threading
from typing import Any


class OnlySlots:
    __slots__ = ("a", "b")


class Before:
    """An object that becomes another."""


class After:
    """What it becomes."""


class NeedsArguments:
    def __new__(cls, *, needed: str) -> NeedsArguments:
        return super().__new__(cls)


class AsksForMore:
    """Its `__getattr__` needs what is not there yet while it is made anew."""

    def __init__(self) -> None:
        self.known = {"a": 1}

    def __getattr__(self, name: str) -> Any:
        return self.known[name]


class ListThatCounts(list[Any]):
    """A list whose methods do something else."""

    def append(self, item: Any) -> None:
        super().append((len(self), item))

    def extend(self, items: Any) -> None:
        for item in items:
            self.append(item)


class WithoutItsLock:
    """Says itself how it travels, by sharing what it holds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.items: list[Any] = []

    def __getstate__(self) -> dict[str, Any]:
        return {"items": self.items}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        self.items = state["items"]


class CopiesWhatItHolds:
    """Comes out with a list that nobody has a name for."""

    def __init__(self, items: Any = ()) -> None:
        self.items = list(items)

    def __reduce__(self) -> Any:
        return CopiesWhatItHolds, (tuple(self.items),)


class ComesOutAsAList:
    def __reduce__(self) -> Any:
        return list, ()


class ComesOutEmpty:
    def __init__(self) -> None:
        self.a = 1

    def __reduce__(self) -> Any:
        return ComesOutEmpty._make, ()

    @staticmethod
    def _make() -> ComesOutEmpty:
        made = object.__new__(ComesOutEmpty)
        made.a = 2
        return made


class RaisesWhenSent:
    def __reduce__(self) -> Any:
        raise RuntimeError("not this one")


class RaisesWhenMade:
    def __init__(self) -> None:
        self.a = 1

    def __setstate__(self, state: Any) -> None:
        raise RuntimeError("not here")


Point = collections.namedtuple("Point", "x y")
