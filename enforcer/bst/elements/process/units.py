"""The process as units: what all of its jobs share, and the functions of libraries, which all of its code shares."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Collection, Iterator

from enforcer.blame.reach import ANY, Doors, Reached
from enforcer.bst.elements.process.libraries import library_cells
from enforcer.bst.elements.process.patched import Builtins, Patched
from enforcer.bst.elements.process.reading import OF_THREADS
from enforcer.bst.elements.process.rows import ROWS, ProcessRow
from enforcer.graph.some_entries import Bundle, Current, PartOf
from enforcer.graph.unit import Cell, Unit


class Process:
    """What belongs to the process.

    Attributes:
        state: the unit of all that `ROWS` lists.
        libraries: the unit of the functions and classes of Python's and installed libraries.
        rows: the cells of each row.
        patched: takes off what jobs put in the place of functions.
    """

    def __init__(self, plugin_modules: Collection[str]) -> None:
        self.rows: list[tuple[ProcessRow, list[Cell]]] = [(row, list(row.cells())) for row in ROWS]
        listed = [cell for _, cells in self.rows for cell in cells]
        patches = [cell for row, cells in self.rows if row.is_patch for cell in cells]
        self.state = _unit([cell for row, cells in self.rows if not row.is_patch for cell in cells])
        self.libraries = _unit([*patches, *library_cells(plugin_modules, listed)])
        self.patched = Patched(self.libraries)

    def units(self) -> Iterator[Unit]:
        """Both."""
        yield self.state
        yield self.libraries

    def doors(self) -> Doors:
        """What code names or does to change something of it."""
        doors = Doors()
        for row, cells in self.rows:
            unit = self.libraries if row.is_patch else self.state
            reached = Reached(unit, Bundle((cell.kind, cell.obj) for cell in cells))
            for door in row.doors:
                doors.objects[id(door)] = (door, reached)
            for owner, name in row.stores:
                doors.attributes.setdefault(id(owner), {})[name] = reached
            for name in row.methods:
                doors.methods.setdefault(name, []).append(reached)
            for cell in cells:
                self._add(doors, cell, reached)
        known = {id(cell) for _, cells in self.rows for cell in cells}
        for cell in (cell for cell in self.libraries.fixed if id(cell) not in known):
            reached = Reached(self.libraries, Bundle([(cell.kind, cell.obj)]))
            self._add(doors, cell, reached)
            doors.attributes[id(cell.obj.owner)].setdefault(ANY, reached)
        return doors

    def _add(self, doors: Doors, cell: Cell, reached: Reached) -> None:
        if type(cell.obj) is Current:
            doors.objects[id(cell.obj.first)] = (cell.obj.first, reached)
            if cell.obj.place is not None:
                owner, name = cell.obj.place
                doors.attributes.setdefault(id(owner), {})[name] = reached
        elif type(cell.obj) is PartOf:
            if type(cell.obj.owner) is dict:
                doors.objects[id(cell.obj.owner)] = (cell.obj.owner, reached)
            names = doors.attributes.setdefault(id(cell.obj.owner), {})
            names.update(dict.fromkeys(cell.obj.names, reached))
        elif type(cell.obj) is Builtins:
            doors.objects[id(cell.obj.first)] = (cell.obj.first, reached)
            doors.everywhere[id(builtins)] = reached


def _unit(cells: list[Cell]) -> Unit:
    # No walk leads to any of this: the root only stands for the unit.
    return Unit("process", "process", [([], "")], shared=True, fixed=cells)


def begin_in_thread() -> None:
    """A job begins in this thread: note what is the thread's own."""
    global _loaded, _loaded_last
    last = next(reversed(sys.modules), None)
    if last is not _loaded_last or len(sys.modules) != len(_loaded):  # each new one comes last
        _loaded, _loaded_last = set(sys.modules), last
    for state in OF_THREADS:
        state.begin()


def newly_imported() -> set[str]:
    """The modules that the job, or whatever ran since it began, was the first to import."""
    return {name for name in set(sys.modules) - _loaded if not name.startswith("pluginbase.")}


_loaded: set[str] = set()
_loaded_last: str | None = None


def end_in_thread() -> None:
    """What a job has left in this thread was looked at."""
    for state in OF_THREADS:
        state.end()
