"""The memory of one object: the fields that C code keeps there, with no method called and no reference counted.

It shows that something was done to an object, not what. So it is for types whose fields are changed by nothing else
than their use.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

_size: Callable[[type], int] = type.__dict__["__basicsize__"].__get__
_offsets: tuple[Callable[[type], int], ...] = (
    type.__dict__["__dictoffset__"].__get__,
    type.__dict__["__weakrefoffset__"].__get__,
)
_HEADER = _size(object)
"""Reference count and class."""
_POINTER = ctypes.sizeof(ctypes.c_void_p)


def fields_of(base: type) -> Callable[[Any], bytes]:
    """Reads the fields that the C class `base` gives its objects, but for their attributes and weak references."""
    size = _size(base)
    # Where subclasses may have moved them does not matter: only what `base` has itself is read.
    places = sorted(place for offset in _offsets if 0 < (place := offset(base)) < size)
    parts, start = [], _HEADER
    for place in places:
        parts.append((start, place - start))
        start = place + _POINTER
    parts.append((start, size - start))
    return lambda obj: b"".join([ctypes.string_at(id(obj) + start, length) for start, length in parts])
