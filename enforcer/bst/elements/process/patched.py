"""What a job has put in the place of functions that everybody calls: taken off before anything else is looked at.

BuildStream and the enforcer call them, too. What takes the built-in ones off uses none of them.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from operator import is_
from typing import Any

from enforcer.graph import words
from enforcer.graph.compare import ChangedCell, changed_cells
from enforcer.graph.kinds import Contents
from enforcer.graph.some_entries import Current, CurrentDictKind
from enforcer.graph.unit import Cell, Unit


class Builtins(Current):
    """The built-in names: as they are, or as a job has left them, once they are as they were before."""

    __slots__ = ("_before", "_copy", "_left", "_update")

    def __init__(self) -> None:
        self._left: dict[str, Any] | None = None
        real = vars(builtins)
        # Methods that are bound here, and called whatever names mean by then.
        self._copy: Callable[[], dict[str, Any]] = real.copy
        self._update: Callable[[dict[str, Any]], None] = real.update
        self._before = self._copy()
        super().__init__(lambda: real if self._left is None else self._left)

    def begin(self) -> None:
        """A job begins."""
        self._before = self._copy()

    def set_aside(self) -> None:
        """The names that were there mean again what they did; what the job left is what is read now."""
        self._left = self._copy()
        self._update(self._before)

    def were_changed(self) -> bool:
        """Whether what the job left is not what was there before."""
        left = self._left or {}
        return len(left) != len(self._before) or not all(map(is_, left.values(), self._before.values()))

    def take_up(self) -> None:
        """Read what is."""
        self._left = None


class BuiltinsKind(CurrentDictKind):
    """Built-in names."""

    def restore(self, obj: Any, before: Contents) -> None:
        """Put all of them back."""
        obj.take_up()
        super().restore(obj, before)

    def step(self, obj: Any, name: Any) -> str:
        """As an attribute of the module."""
        return f".{name}"


BUILTINS = BuiltinsKind()


def builtin_cells() -> list[Cell]:
    """One for all names."""
    return [Cell(BUILTINS, Builtins(), None, "builtins")]


class Patched:
    """The functions of libraries, and built-in ones, while one job after the other runs.

    Args:
        unit: their unit, which is in a graph.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        (self._builtins,) = [cell.obj for cell in unit.fixed if type(cell.obj) is Builtins]

    def begin(self) -> None:
        """A job begins."""
        self._builtins.begin()

    def end(self) -> None:
        """Its action is over: built-in names mean again what they did."""
        self._builtins.set_aside()

    def take_off(self, seen: bool, possible: bool) -> list[ChangedCell]:
        """What was replaced; all of it is in its place again.

        Args:
            seen: whether something was seen that replaced something.
            possible: whether code ran that may do so unseen; then it is looked for only where that is fast.
        """
        looks = seen or (possible and words.AVAILABLE) or self._builtins.were_changed()
        found = [] if not looks or self._unit.unchanged() else changed_cells(self._unit)
        for cell in found:
            cell.cell.kind.restore(cell.cell.obj, cell.before)
        self._builtins.take_up()
        return found
