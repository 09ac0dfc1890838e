"""Differences between what a cell holds and its shadow, one value each."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from operator import is_
from typing import Any

from enforcer.graph.kinds import BAG, INDEXED, NATIVE, Contents, by_name
from enforcer.graph.unit import Cell, CellGroup, Unit
from enforcer.graph.values import hash_free_key, same

SET, ADDED, REMOVED, REORDERED = "set", "added", "removed", "reordered"

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT", "__slots__": ()})()
"""Stands for the value of an entry that is not there."""


@dataclass(frozen=True, eq=False)
class EntryChange:
    """One entry of one cell that differs; `before` or `after` is `ABSENT` where the entry is not there."""

    unit: Unit
    cell: Cell
    name: Any
    change: str
    before: Any
    after: Any

    def raw_path(self) -> str:
        """The way from the unit's root to the entry, in raw steps."""
        if self.change == REORDERED or self.cell.kind.shape is BAG:
            return self.cell.path()
        return self.cell.path() + self.cell.kind.step(self.cell.obj, self.name)


@dataclass(frozen=True, eq=False)
class ChangedCell:
    """A cell that differs from its shadow, with the whole shadow to restore it from."""

    unit: Unit
    cell: Cell
    before: Contents
    changes: tuple[EntryChange, ...]


def changed_cells(unit: Unit) -> list[ChangedCell]:
    """Every cell of `unit` that holds something else than its shadow says."""
    found: list[ChangedCell] = []
    same_groups = []
    for group in unit.groups:
        if group.unchanged():
            continue
        changed = list(_differing(unit, group))
        found += changed
        if not changed:
            same_groups.append(group)
    if same_groups or not found:
        # Equal but not identical (a recomputed string): remember the new objects, or every
        # later compare would end up here again.
        unit.take_shadows(same_groups)
    return found


def differing_cells(unit: Unit) -> Iterator[ChangedCell]:
    """As `changed_cells`, only looking: no shadow is taken anew."""
    for group in unit.groups:
        if not group.unchanged():
            yield from _differing(unit, group)


def _differing(unit: Unit, group: CellGroup) -> Iterator[ChangedCell]:
    for cell, before in group.shadows():
        after = cell.kind.contents(cell.obj)
        if _identical(before, after):
            continue
        changes = tuple(_changes(unit, cell, before, after))
        if changes:
            yield ChangedCell(unit, cell, before, changes)


def told(cells: Iterable[ChangedCell]) -> Iterator[ChangedCell]:
    """What messages are about: without changes that follow from others, or say nothing.

    An iterator that goes through others has their path: of these the outermost counts.
    """
    seen: set[tuple[int, str]] = set()
    for cell in cells:
        if cell.cell.kind is not NATIVE:
            yield cell
            continue
        names = NATIVE.told(cell.cell.obj, [change.name for change in cell.changes])
        places = {change.name: (id(cell.unit), change.raw_path()) for change in cell.changes}
        changes = [change for change in cell.changes if change.name in names and places[change.name] not in seen]
        seen.update(places.values())
        yield replace(cell, changes=tuple(changes))


def differs(changed: ChangedCell) -> bool:
    """Whether the cell holds something else than `changed.before`."""
    after = changed.cell.kind.contents(changed.cell.obj)
    return any(True for _ in _changes(changed.unit, changed.cell, changed.before, after))


def _identical(before: Contents, after: Contents) -> bool:
    return len(before) == len(after) and all(map(is_, chain.from_iterable(before), chain.from_iterable(after)))


def _changes(unit: Unit, cell: Cell, before: Contents, after: Contents) -> Iterator[EntryChange]:
    if cell.kind.shape is BAG:
        entries = _set_entries(before, after)
    elif cell.kind.shape is INDEXED:
        entries = _sequence_entries(before, after)
    else:
        entries = _named_entries(before, after, cell.kind.ordered)
    for name, change, old, new in entries:
        yield EntryChange(unit, cell, name, change, old, new)


ChangedEntry = tuple[Any, str, Any, Any]


def _named_entries(before: Contents, after: Contents, ordered: bool) -> Iterator[ChangedEntry]:
    old, new = by_name(before), by_name(after)
    for key, (name, value) in old.items():
        if key not in new:
            if not (_has_died(name) or _has_died(value)):
                yield name, REMOVED, value, ABSENT
        elif not same(value, new[key][1]):
            yield name, SET, value, new[key][1]
    for key, (name, value) in new.items():
        if key not in old:
            yield name, ADDED, ABSENT, value
    if ordered and [key for key in old if key in new] != [key for key in new if key in old]:
        yield None, REORDERED, [name for name, _ in before], [name for name, _ in after]


def _has_died(value: Any) -> bool:
    """Whether it refers to an object that is gone: nobody has to write for it to leave a container of weak ones."""
    return issubclass(type(value), weakref.ref) and weakref.ref.__call__(value) is None


def _set_entries(before: Contents, after: Contents) -> Iterator[ChangedEntry]:
    old = {hash_free_key(value): value for _, value in before}
    new = {hash_free_key(value): value for _, value in after}
    for key, value in old.items():
        if key not in new and not _has_died(value):
            yield None, REMOVED, value, ABSENT
    for key, value in new.items():
        if key not in old:
            yield None, ADDED, ABSENT, value


def _sequence_entries(before: Contents, after: Contents) -> Iterator[ChangedEntry]:
    old = [value for _, value in before]
    new = [value for _, value in after]
    start = 0
    while start < min(len(old), len(new)) and same(old[start], new[start]):
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and same(old[-1 - end], new[-1 - end]):
        end += 1
    old_part, new_part = old[start : len(old) - end], new[start : len(new) - end]
    if len(old_part) == len(new_part) and _permuted(old_part, new_part):
        yield None, REORDERED, old, new
        return
    for index in range(max(len(old_part), len(new_part))):
        was = old_part[index] if index < len(old_part) else ABSENT
        now = new_part[index] if index < len(new_part) else ABSENT
        if was is ABSENT:
            yield start + index, ADDED, was, now
        elif now is ABSENT:
            yield start + index, REMOVED, was, now
        elif not same(was, now):
            yield start + index, SET, was, now


def _permuted(old: list[Any], new: list[Any]) -> bool:
    def count(values: list[Any]) -> dict[Any, int]:
        counts: dict[Any, int] = {}
        for value in values:
            key = hash_free_key(value)
            counts[key] = counts.get(key, 0) + 1
        return counts

    return bool(old) and count(old) == count(new)
