"""Which of a unit's opaque objects are used while a job runs: what they have become stays in its process."""

from __future__ import annotations

from typing import Any, NamedTuple

from enforcer.graph.compare import ABSENT, SET, EntryChange
from enforcer.graph.delta import Refused
from enforcer.graph.native.used import Read, use_of
from enforcer.graph.unit import Cell, Unit
from enforcer.graph.values import full_class_name


class _Noted(NamedTuple):
    cell: Cell
    read: Read
    before: Any


class InUse:
    """The opaque objects of `unit` as they are when this is made."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        readers = ((opaque.cell, use_of(type(opaque.cell.obj))) for opaque in unit.opaque if not opaque.of_framework)
        self._noted = [_Noted(cell, read, read(cell.obj)) for cell, read in readers if read is not None]

    def used(self) -> list[Refused]:
        """Those that have been used since, as changes that can't be sent."""
        # Of a file and those below it, which have the same place, the uppermost counts.
        used = {
            (id(noted.cell.parent), id(noted.cell.name)): noted.cell
            for noted in reversed(self._noted)
            if noted.read(noted.cell.obj) != noted.before
        }
        return [
            Refused(EntryChange(self._unit, cell, "", SET, ABSENT, ABSENT), full_class_name(type(cell.obj)))
            for cell in reversed(used.values())
        ]
