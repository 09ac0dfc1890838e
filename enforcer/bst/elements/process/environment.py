"""`os.environ` as a kind of cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import fsdecode
from typing import Any

from enforcer.graph.kinds import Contents, DictKind


class EnvironmentKind(DictKind):
    """`os.environ`: kept as bytes inside, written through itself so that the C library's copy follows."""

    ordered = False

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return (environ._data for environ in objects)

    def contents(self, obj: Any) -> Contents:
        return _decoded(super().contents(obj))

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return _decoded(super().cut(flat, start, size))

    def restore(self, obj: Any, before: Contents) -> None:
        wanted = dict(before)
        for name in [name for name in obj if name not in wanted]:
            del obj[name]
        for name, value in before:
            if obj.get(name) != value:
                obj[name] = value


def _decoded(entries: Contents) -> Contents:
    return [(fsdecode(name), fsdecode(value)) for name, value in entries]


ENVIRONMENT = EnvironmentKind()
