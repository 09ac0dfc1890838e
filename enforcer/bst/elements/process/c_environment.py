"""The environment that the C library keeps, and programs inherit, as far as it differs from `os.environ`."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Sequence
from ctypes import string_at
from os import fsdecode, fsencode
from typing import Any

from enforcer.graph.kinds import Contents, DictKind

_POINTER = ctypes.sizeof(ctypes.c_void_p)
_ABSENT = b"<absent>"


class CEnvironment:
    """What differs: each variable that one of the two lacks, or has with another value, as the C library has it.

    The C library never changes a variable in place: it is as it was when the same pointers are there.
    """

    def __init__(self) -> None:
        self._data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]
        self._put, self._unset = os.putenv, os.unsetenv
        self._pointer = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "environ")
        self._size = 0
        self._pointers = b""
        self._differing: dict[str, str] = {}

    def differing(self) -> dict[str, str]:
        """By name; the very same dictionary as long as nothing was set in C."""
        address = self._pointer.value
        if not address:
            return {name.decode("utf-8", "replace"): "<absent>" for name in self._data}
        if self._size and string_at(address, self._size) == self._pointers:
            return self._differing
        entries = self._entries(address)
        self._size = _POINTER * (len(entries) + 1)
        self._pointers = string_at(address, self._size)
        now = dict(reversed([entry.partition(b"=")[::2] for entry in entries]))  # the first of two counts
        names = [name for name in (*now, *self._data) if now.get(name) != self._data.get(name)]
        self._differing = {fsdecode(name): fsdecode(now.get(name, _ABSENT)) for name in names}
        return self._differing

    def _entries(self, address: int) -> list[bytes]:
        pointers = ctypes.cast(address, ctypes.POINTER(ctypes.c_char_p))
        found: list[bytes] = []
        while (entry := pointers[len(found)]) is not None:
            found.append(entry)
        return found

    def put_back(self, wanted: dict[str, str]) -> None:
        """Let it differ from `os.environ` as `wanted` says."""
        for name in {*self.differing(), *wanted}:
            raw = fsencode(name)
            value = fsencode(wanted[name]) if name in wanted else self._data.get(raw, _ABSENT)
            if value == _ABSENT:
                self._unset(raw)
            else:
                self._put(raw, value)


class CEnvironmentKind(DictKind):
    """What the C library's environment has beside `os.environ`."""

    ordered = False

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return [each.differing() for each in objects]

    def restore(self, obj: Any, before: Contents) -> None:
        obj.put_back(dict(before))


C_ENVIRONMENT = CEnvironmentKind()
