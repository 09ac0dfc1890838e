"""How much may be spent on following the lines of one job.

Work is counted, not timed: where a clock decided, the same run would know a line today and not tomorrow.
"""

from __future__ import annotations

from enforcer.graph.kinds import PROBE
from enforcer.graph.unit import Unit

LIMIT = 6_000_000
"""The work that one job may cost, in compares of one cell: 30 nanoseconds each, so about a fifth of a second.

These are 13,000 lines where one element is watched, and 1,600 where ten are.
"""

# What else there is costs as much as so many of them.
_LINE = 100
_CALL = 20
_PROBE = 100
_LOOKS = 20  # a close look at a unit, in compares of that unit

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
        # What one more compare of all watched units is.
        self._cells = 0
        self._work = _LINE

    @property
    def exhausted(self) -> bool:
        """Whether it has cost what it may."""
        return self._limit is not None and self._spent > self._limit

    def watch(self, unit: Unit) -> None:
        """One more unit is compared after each line."""
        self._cells += _cells(unit)
        self._work += _work(unit)
        self.look(unit)

    def look(self, unit: Unit) -> None:
        """A unit was read anew, to be compared from now on, or to see what of it has changed."""
        self._spent += _LOOKS * _work(unit)

    def line(self) -> None:
        """All watched units are compared."""
        self.lines += 1
        self.cells += self._cells
        self._spent += self._work

    def calls(self, number: int) -> None:
        """So many functions were called of which no line is followed, and each cost a call of ours."""
        self._spent += _CALL * number


def _cells(unit: Unit) -> int:
    return -(-sum(len(group.objects) for group in unit.groups) // _STEP) * _STEP


def _work(unit: Unit) -> int:
    return _cells(unit) + sum(_PROBE * len(group.objects) for group in unit.groups if group.kind is PROBE)
