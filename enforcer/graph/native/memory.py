"""Objects of `ctypes` that keep their memory themselves: numbers, arrays, structures, unions."""

from __future__ import annotations

import _ctypes
from ctypes import addressof, memmove, sizeof, string_at
from typing import Any

from enforcer.graph.native.spec import Entries, Native
from enforcer.graph.values import class_dict, class_mro

_PLAIN = frozenset("?bBhHiIlLqQfdgcu")
"""The codes of simple types that are what they hold, and do not point to it."""

_data = next(cls for cls in class_mro(_ctypes.Structure) if "_b_needsfree_" in class_dict(cls))
_base, _owns = (class_dict(_data)[name].__get__ for name in ("_b_base_", "_b_needsfree_"))


def c_data(cls: Any) -> Native:
    """An object of `ctypes`, by its bytes. Where some of them are addresses, these mean nothing in another process."""

    def read(obj: Any) -> Entries:
        return [("", string_at(addressof(obj), sizeof(obj)))] if _has_memory(obj) else []

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        content = entries.get("", b"")
        memmove(addressof(obj), content, min(len(content), sizeof(obj)))

    if _points(cls):
        return Native(read, None, lambda obj, value: f"<{type(obj).__name__} object, in use>")
    return Native(read, write)


def _has_memory(obj: Any) -> bool:
    """Whether its memory lives as long as the object does; what others say an address of may be gone."""
    while (whole := _base(obj)) is not None:
        obj = whole
    return bool(_owns(obj))


def _points(cls: type) -> bool:
    """Whether objects of this class hold addresses."""
    if issubclass(cls, _ctypes._SimpleCData):
        return _attribute(cls, "_type_") not in _PLAIN
    if issubclass(cls, _ctypes.Array):
        return _points(_attribute(cls, "_type_"))
    if issubclass(cls, (_ctypes.Structure, _ctypes.Union)):
        fields = (field for base in class_mro(cls) for field in class_dict(base).get("_fields_", ()))
        return any(_points(kind) for _, kind, *_ in fields)
    return True


def _attribute(cls: type, name: str) -> Any:
    return next((class_dict(base)[name] for base in class_mro(cls) if name in class_dict(base)), None)
