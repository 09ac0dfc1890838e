"""Whether Python's global random generator goes on with its sequence, or was seeded anew."""

from __future__ import annotations

import random
from _random import Random as Generator
from os import getpid
from typing import Any

from enforcer.graph.kinds import Probe
from enforcer.graph.native.raw import fields_of

_WORDS = 624
"""What the generator makes at once; between, only its place in them changes."""
_LIMIT = 1 << 22
"""So many words may have been drawn since the last look.

To look through all of them takes about 20 ms, which each job spends that seeds the generator. A number takes two words
(`random()`, `gauss()`) or, where some are thrown away, up to four (`randrange()` of what is just above a power of two):
a million of either in one job are no finding.
"""
_STEP = 1 << 18
_PROBE = 16
_Random = random.Random
_fields = fields_of(Generator)


class RandomSequence:
    """Each sequence has a number, the first one 0; to draw from one is no change."""

    def __init__(self) -> None:
        # Those of the module itself: a plugin may put others in their place.
        self._get, self._set = random.getstate, random.setstate
        self._state: Any = self._get()
        # To ask it for its state makes hundreds of numbers, each time.
        self._generator: Any = random._inst
        self._fields = _fields(self._generator)
        self._seeded = 0
        self._start = self._state, self._seeded
        self._pid = getpid()

    def probe(self) -> Probe:
        """Of the generator itself: no plugin owns it that has `from random import choice`."""
        return Probe("random.seed()", self.read, self.write, self._generator)

    def begin(self) -> None:
        """A job begins: from here on it may draw numbers, and put back what it has found."""
        self.read()
        self._start = self._state, self._seeded

    def read(self) -> str:
        """In words: how often it was seeded."""
        fields = _fields(self._generator)
        if fields == self._fields:
            return _in_words(self._seeded)
        self._fields = fields
        now = self._get()
        if getpid() != self._pid:
            self._pid = getpid()  # Python has seeded it after the fork
        elif not _goes_on(self._state, now):
            first, seeded = self._start
            self._seeded = seeded if _goes_on(first, now, _STEP) else self._seeded + 1
        self._state = now
        return _in_words(self._seeded)

    def write(self, value: str) -> None:
        """Go on with the sequence that the job has found."""
        self._state, self._seeded = self._start
        self._set(self._state)
        self._fields = _fields(self._generator)


def _in_words(seeded: int) -> str:
    return "one sequence of numbers" if not seeded else f"another sequence of numbers ({seeded})"


def _goes_on(before: Any, now: Any, limit: int = _LIMIT) -> bool:
    if now[1][:_WORDS] == before[1][:_WORDS]:
        return bool(now[1][_WORDS] >= before[1][_WORDS])
    return _leads_to(before, now, limit)


def _leads_to(before: Any, now: Any, limit: int) -> bool:
    """Whether drawing numbers leads from one state of a generator to the other."""
    here, there = _Random(), _Random()
    here.setstate(before)
    there.setstate(now)
    # The next words of both, found in what the first one makes.
    wanted = there.randbytes(4 * _PROBE)
    end = b""
    for _ in range(limit // _STEP):
        made = end + here.randbytes(4 * _STEP)
        if wanted in made:
            return True
        end = made[-len(wanted) :]
    return False
