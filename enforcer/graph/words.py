"""Reads single words of memory in which CPython keeps what an object holds, and leaves the object alone.

Whoever reads an object in Python counts a reference to it, and back: that writes to its page of memory, and a forked
process gets a copy of each page that it writes to. To read thousands of objects one after the other also takes longer
than to read the few words that tell whether anything was written to them: the version of a dictionary (PEP 509), or
the pointer to what can be replaced.

PEP 699 has announced the end of these versions for Python 3.14; here they are used up to 3.12, where what the
interpreter does is known. Elsewhere nothing is read this way.
"""

from __future__ import annotations

import ctypes
import functools
import struct
import sys
import types
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from enforcer.graph.kinds import FUNCTION_FIELDS
from enforcer.graph.values import class_flags

_WORD = 8
_MEMORY = memoryview((ctypes.c_uint64 * 2**45).from_address(0)).cast("B").cast("Q")
"""All memory, by words; only addresses of living objects may be read."""

# Offsets in bytes, from the address of an object: `PyObject.ob_type`, `PyDictObject.ma_version_tag`.
_CLASS, _VERSION = 8, 24
_MANAGED_DICT = 1 << 4
"""The flag of a class whose objects have the pointer to their `__dict__` in front of them (since Python 3.11)."""
_IN_FRONT = -24

_class_size: Callable[[type], int] = type.__dict__["__basicsize__"].__get__
_class_dict_offset: Callable[[type], int] = type.__dict__["__dictoffset__"].__get__


class Words:
    """Words at these addresses, to be compared with what they held when this was made.

    The objects that they are part of must be kept alive.
    """

    def __init__(self, addresses: Sequence[int]) -> None:
        # The first one twice: with a single one, `itemgetter` would return no tuple.
        places = [address // _WORD for address in (*addresses[:1], *addresses)]
        self._read: Callable[[Any], tuple[int, ...]] | None = itemgetter(*places) if places else None
        self._before = self._read(_MEMORY) if self._read else ()

    def unchanged(self) -> bool:
        """Whether all of them hold the same as then."""
        return self._read is None or self._read(_MEMORY) == self._before

    def moved(self) -> tuple[tuple[int, ...], list[int]]:
        """What they hold now, for `retake`, and the indices of the addresses that hold something else than then."""
        if self._read is None:
            return (), []
        now = self._read(_MEMORY)
        if now == self._before:
            return now, []
        pairs = zip(now[1:], self._before[1:], strict=True)
        return now, [index for index, (word, before) in enumerate(pairs) if word != before]

    def retake(self, now: tuple[int, ...]) -> None:
        """Compare with this from now on."""
        self._before = now


def class_place(obj: object) -> int:
    """Where an object has its class."""
    return id(obj) + _CLASS


def version_place(mapping: dict[Any, Any]) -> int:
    """Where a dictionary has its version, a number that no dictionary has twice."""
    return id(mapping) + _VERSION


def dict_place(obj: object, mapping: dict[Any, Any]) -> int | None:
    """Where an object has the pointer to its `__dict__`, which is `mapping` now; None if nobody knows."""
    cls = type(obj)
    offset = _IN_FRONT if class_flags(cls) & _MANAGED_DICT else _class_dict_offset(cls)
    place = id(obj) + offset
    return place if (offset == _IN_FRONT or offset > 0) and _word(place) == id(mapping) else None


def pointer_place(obj: object, held: object) -> int | None:
    """Where an object has its only pointer to `held`; None where it has none, or several, or elsewhere."""
    here = id(obj)
    places = [here + offset for offset in range(2 * _WORD, _class_size(type(obj)), _WORD)]
    wanted = id(held)
    found = [place for place in places if _word(place) == wanted]
    return found[0] if len(found) == 1 else None


def class_field_places(cls: type, held: object) -> list[int]:
    """Every place where a class has a pointer to `held`, which it has as its bases or name."""
    here, wanted = id(cls), id(held)
    return [here + offset for offset in _class_field_offsets() if _word(here + offset) == wanted]


@functools.cache
def _class_field_offsets() -> tuple[int, ...]:
    """Where every class made by Python has its bases and its names: as this one."""

    class Sample:
        pass

    Sample.__qualname__ = "another name"
    held = {id(Sample.__bases__), id(Sample.__name__), id(Sample.__qualname__)}
    return tuple(offset for offset in range(2 * _WORD, _class_size(type), _WORD) if _word(id(Sample) + offset) in held)


def function_places(function: types.FunctionType) -> list[int]:
    """Where a function has its code and its defaults; none if nobody knows."""
    return [id(function) + offset for offset in _function_offsets()]


@functools.cache
def _function_offsets() -> tuple[int, ...]:
    """Where every function has them: as this one."""

    def sample(first: int = 1, *, second: int = 2) -> None:
        """Has all of them."""

    held = [id(getattr(sample, name)) for name in FUNCTION_FIELDS]
    size = _class_size(types.FunctionType)
    offsets = [offset for offset in range(2 * _WORD, size, _WORD) if _word(id(sample) + offset) in held]
    return tuple(offsets) if len(offsets) == len(held) else ()


def _word(address: int) -> int:
    return _MEMORY[address // _WORD]


def _known_layout() -> bool:
    """Whether this is an interpreter whose objects are laid out as is said here."""
    known = sys.implementation.name == "cpython" and (3, 10) <= sys.version_info < (3, 13)
    plain = struct.calcsize("P") == _WORD and not hasattr(sys, "getobjects") and sys.byteorder == "little"
    return known and plain and _behaves()


def _behaves() -> bool:
    class Thing:
        pass

    thing = Thing()
    mapping = vars(thing)
    place = dict_place(thing, mapping)
    if place is None or _word(class_place(thing)) != id(Thing):
        return False
    words = Words([place, version_place(mapping)])
    before = words.unchanged()
    thing.__dict__["a"] = 1
    after_write = words.unchanged()
    thing.__dict__ = {}
    return before and not after_write and _word(place) == id(vars(thing))


AVAILABLE = _known_layout()
"""Whether words can be read here."""
