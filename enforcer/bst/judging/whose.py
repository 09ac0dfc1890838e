"""Whose state a changed entry is, as a message says it to the job's element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from enforcer.bst.elements.run_graph import RunGraph, root_of
from enforcer.graph.compare import EntryChange
from enforcer.graph.unit import Cell, Holder, Unit
from enforcer.results.findings import Owner


@dataclass(frozen=True)
class FoundOwner:
    """Whose state an entry is.

    Attributes:
        owner: as a message names it.
        unit_kind: decides which rule judges the change.
        path: the raw way to the entry, from the root of the owner.
        root: that root.
        holders: who else holds the container, or one around it.
    """

    owner: Owner
    unit_kind: str
    path: str
    root: Any
    holders: list[Holder]


def whose(run_graph: RunGraph, own: Unit, change: EntryChange) -> FoundOwner:
    """Whose state `change` is a change of, to a job of the element `own`."""
    graph, path = run_graph.graph, change.raw_path()
    holders = graph.holders(change.cell)
    if change.unit is not graph.common:
        owner = run_graph.owner(change.unit, change.cell)
        return FoundOwner(owner, change.unit.kind, path, root_of(change.cell).obj, holders)
    # The place where it stands, if that is known; else any other element that holds it is as good as another.
    first = graph.place(change.cell) or next((holder for holder in holders if holder.unit is not own), None)
    if first is None:
        return FoundOwner(Owner("element", own.name), "element", path, own.roots[0][0], holders)
    way = first.alias.path() + path.removeprefix(_outermost(change.cell, first.alias.obj).path())
    beside = [holder for holder in holders if holder is not first]
    return FoundOwner(run_graph.owner_at(first), first.unit.kind, way, root_of(first.alias.parent).obj, beside)


def _outermost(cell: Cell, obj: object) -> Cell:
    """The outermost cell of `obj` on the way to `cell`."""
    here: Cell | None = cell
    found = cell
    while here is not None:
        if here.subject is obj:
            found = here
        here = here.parent
    return found
