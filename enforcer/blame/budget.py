"""How much may be spent on following the lines of one job.

Work is counted, not timed: where a clock decided, the same run would know a line today and not tomorrow.
"""

from __future__ import annotations

from enforcer.blame.watched import Watched
from enforcer.graph.kinds import PROBE

WORK_LIMIT = 3_000_000
"""The work that one job may cost, in compares of one cell: 30 nanoseconds each, so about a tenth of a second.

These are 6,000 lines where one element is watched, and 800 where ten are.
"""

# What else there is costs as much as so many of them.
_LINE = 100
_CALL = 20
_PROBE = 100
_LOOKS = 20  # a close look, in compares of the same

_LOOK_FOR = 4

_STEP = 100
"""Cells are counted in hundreds: what an earlier job has added to a project, or not, makes no difference then."""


class Budget:
    """What following the lines of one job has cost so far.

    Args:
        limit: the work that it may cost; None where that does not matter.

    Attributes:
        lines: how often the watched units were compared, because a line came next or a function ended.
        cells: how many cells were compared then.
    """

    def __init__(self, limit: int | None) -> None:
        self.lines = self.cells = 0
        self._limit = limit
        self._spent = 0
        # Apart: BuildStream does not call quite as many functions each time, and lines must end at the same one.
        self._called = 0
        # What one more compare of all watched units is.
        self._cells = 0
        self._work = _LINE

    @property
    def exhausted(self) -> bool:
        """Whether it has cost what it may."""
        return self._limit is not None and max(self._spent, self._called) > self._limit

    def watch(self, watched: Watched) -> None:
        """This is compared after each line from now on."""
        self._cells += _cells(watched)
        self._work += _work(watched)
        self.look(watched)

    def watch_inside(self, objects: int) -> None:
        """So many objects are looked for after each line from now on, and compared."""
        self._work += _LOOK_FOR * objects

    def look(self, watched: Watched) -> None:
        """It was read anew, to be compared from now on, or to see what of it has changed."""
        self._spent += _LOOKS * _work(watched)

    def line(self) -> None:
        """All watched units are compared."""
        self.lines += 1
        self.cells += self._cells
        self._spent += self._work

    def calls(self, number: int) -> None:
        """So many functions were called of which no line is followed, and each cost a call of ours."""
        self._called += _CALL * number


def _cells(watched: Watched) -> int:
    return -(-sum(len(objects) for _, objects in watched.groups()) // _STEP) * _STEP


def _work(watched: Watched) -> int:
    return _cells(watched) + sum(_PROBE * len(objects) for kind, objects in watched.groups() if kind is PROBE)
