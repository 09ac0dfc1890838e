"""The descriptors 0, 1 and 2: where they lead, and how to lead them there again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from os import close, dup, dup2, fstat, readlink

from enforcer.graph.kinds import PROBE, Probe
from enforcer.graph.unit import Cell

_NAMES = ("stdin", "stdout", "stderr")


def standard_descriptors() -> Iterable[Cell]:
    """A cell for each of them."""
    for number, name in enumerate(_NAMES):
        descriptor = _Descriptor(number)
        yield Cell(PROBE, Probe(f"descriptor {number} ({name})", descriptor.read, descriptor.write), None, "")


class _Descriptor:
    """One of them, with a copy to restore it from: a program that is started does not inherit that."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._first = _target(number)
        self._shown = _shown(number)
        self._copy = None if self._first is None else dup(number)
        self._close = close  # when this dies, its module may be gone

    def __del__(self) -> None:
        if self._copy is not None:
            self._close(self._copy)

    def read(self) -> str:
        """The file that it leads to, in words; other ones for another file."""
        if _target(self._number) == self._first:
            return self._shown
        now = _shown(self._number)
        return now if now != self._shown else f"another {now}"

    def write(self, value: str) -> None:
        """Lead it to the first file again."""
        if self._copy is None:
            close(self._number)
        else:
            dup2(self._copy, self._number)


def _target(number: int) -> tuple[int, int] | None:
    try:
        status = fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _shown(number: int) -> str:
    try:
        file = readlink(f"/proc/self/fd/{number}")
    except OSError:
        return "closed"
    return re.sub(r":\[\d+\]$", "", file)  # pipes have numbers, each time others
