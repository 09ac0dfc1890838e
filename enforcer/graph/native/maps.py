"""Memory maps: what is in one that is nobody else's, and the place in it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from enforcer.graph.native.raw import fields_of
from enforcer.graph.native.spec import Entries, Native

MOST = 1 << 20
"""Of a larger one nothing is read: it would take longer than a millisecond, at each look."""

_MAPS = Path("/proc/self/maps")
_START = struct.Struct("@PNn")
"""What every map begins with: its address, its size, and the place in it."""


def memory_map(base: Any) -> Native:
    """`mmap.mmap`. What other processes have mapped as well is as much theirs: of it only the place counts."""
    fields = fields_of(base)
    private: dict[tuple[int, int], bool] = {}

    def read(obj: Any) -> Entries:
        address, size, place = _START.unpack_from(fields(obj))
        if not address:
            return [(".closed", True)]
        if (address, size) not in private:
            private[address, size] = size <= MOST and _is_private(address)
        content = (zlib.crc32(obj),) if private[address, size] else ()
        return [("", content), (".tell()", place), (".size()", size)]

    return Native(read, None, _text, first_of=(".closed", ".size()", "", ".tell()"))


def _text(obj: Any, value: Any) -> str | None:
    return f"<content {value[0]:08x}>" if type(value) is tuple and value else None


def _is_private(address: int) -> bool:
    for line in _MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
        area, rights, *_ = line.split()
        start, _, end = area.partition("-")
        if int(start, 16) <= address < int(end, 16):
            return rights.endswith("p")
    return False
