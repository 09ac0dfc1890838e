"""Names for objects, the same in every process: what lets one process say to another *which* object it means.

What existed before the fork has the same address in every process that was forked. What was made
later gets a name when it is first sent, and keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Name = int | tuple[Any, ...]
"""An address from before the fork; or (author, number) of an object that came with a delta."""


class References:
    """The objects that all replicas have, by name.

    Args:
        fixed: every object that the walk has met before the fork, by address. They are kept alive:
            an address must not be used again.
    """

    def __init__(self, fixed: Mapping[int, Any]) -> None:
        self._fixed = fixed
        self._made: dict[Name, Any] = {}
        self._names: dict[int, Name] = {}

    def name_of(self, obj: object) -> Name | None:
        """The name under which every replica knows `obj`, or None."""
        key = id(obj)
        return key if key in self._fixed else self._names.get(key)

    def find(self, name: Name) -> Any:
        """The object of that name; `KeyError` when this replica has never been sent it."""
        return self._fixed[name] if type(name) is int else self._made[name]

    def add(self, author: str, objects: list[Any]) -> None:
        """Name objects that were made by `author`, by their place in the list."""
        for number, obj in enumerate(objects):
            name = (author, number)
            self._made[name] = obj
            self._names[id(obj)] = name
