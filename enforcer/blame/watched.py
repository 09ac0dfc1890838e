"""What of one foreign unit changed since the line before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from enforcer.graph.compare import ABSENT, REORDERED, EntryChange, differing_cells
from enforcer.graph.kinds import NAMED, Kind
from enforcer.graph.quick import QuickPass
from enforcer.graph.some_entries import Bundle
from enforcer.graph.unit import Unit
from enforcer.graph.values import (
    ATOMIC_IDS,
    class_dict,
    has_attributes,
    hash_free_key,
    identity,
    is_class,
    is_compiled,
    same,
    vars_of,
)

Key = tuple[object, ...]


def entries_of(unit: Unit, only: Any = None) -> dict[Key, EntryChange]:
    """Each entry of `unit` that differs from its shadow, by a key that stays the same while others change.

    An entry of a list is told by its value: its index changes with what is put in before it. With `only` those of this
    container count, and no others.
    """
    found: dict[Key, EntryChange] = {}
    times: Counter[Key] = Counter()
    cells = (cell for cell in differing_cells(unit) if only is None or _counts(cell.cell.obj, only))
    for change in (change for cell in cells for change in cell.changes):
        key = key_of(change)
        times[key] += 1
        numbered = (*key, times[key])
        found[numbered] = change
    return found


def _counts(obj: Any, only: Any) -> bool:
    return id(obj) in only.ids if type(only) is Bundle else obj is only


def key_of(change: EntryChange) -> Key:
    """The key of an entry, but for how often there is an equal one before it."""
    cell = (id(change.cell.obj), id(change.cell.kind))
    if change.change == REORDERED:
        return (*cell, REORDERED)
    if change.cell.kind.shape is NAMED:
        return (*cell, hash_free_key(change.name))
    gone = change.after is ABSENT
    return (*cell, gone, hash_free_key(change.before if gone else change.after))


def is_member(value: Any) -> bool:
    """Whether it is one of an enumeration: its class keeps it, and nothing that it holds can be changed in place."""
    cls = type(value)
    if is_compiled(cls) or not has_attributes(cls):
        return False
    # Copied in one go: another thread may write.
    if not any(kept is value for kept in list(class_dict(cls).values())):
        return False
    held = list(vars_of(value).values())
    return all(identity(type(each)) in ATOMIC_IDS or type(each) is cls or is_class(each) for each in held)


def holds_only_atoms(container: Any) -> bool:
    """Whether nothing that it holds can be changed in place: one of Python's own containers, or a member."""
    kind = type(container)
    if kind is Bundle:
        return True
    if kind is not dict and kind is not list and kind is not set:
        return is_member(container)
    # Copied in one go: another thread may write.
    held = [*container, *(list(container.values()) if kind is dict else ())]
    return all(identity(type(value)) in ATOMIC_IDS for value in held)


class Watched:
    """One unit, or `only` one container of it, looked at after each line.

    Attributes:
        unit: which.
    """

    def __init__(self, unit: Unit, only: Any = None) -> None:
        self.unit = unit
        self._only = only
        self._take()
        # What differs already was no line's doing that we have seen.
        self._known = {} if unit.unchanged() else self._values()

    def _take(self) -> None:
        self._quick = QuickPass(self.groups())
        self._taken = self.unit.taken

    def groups(self) -> Iterator[tuple[Kind, list[Any]]]:
        """What is looked at: objects, by kind."""
        if type(self._only) is Bundle:
            yield from self._only.groups.items()
            return
        for group in self.unit.groups:
            objects = group.objects if self._only is None else [obj for obj in group.objects if obj is self._only]
            if objects:
                yield group.kind, objects

    def _entries(self) -> dict[Key, EntryChange]:
        return entries_of(self.unit, self._only)

    def _values(self) -> dict[Key, Any]:
        return {key: change.after for key, change in self._entries().items()}

    def unchanged(self) -> bool:
        """Whether nothing at all has changed since the last look; False may be wrong."""
        return self.unit.taken == self._taken and self._quick.unchanged()

    def last_saw(self, key: Key, change: EntryChange) -> bool:
        """Whether the last look saw this entry as it is now."""
        return key in self._known and _same(self._known[key], change)

    def fresh(self) -> Iterator[tuple[Key, EntryChange]]:
        """The entries that differ, and did not or held something else when this was called last."""
        if self.unit.taken != self._taken:
            # It was brought up to date meanwhile, which is nobody's doing.
            self._take()
            self._known = self._values()
            return
        # First, so that what a thread writes meanwhile is found the next time.
        self._take()
        known = self._known
        now = self._entries()
        self._known = {key: change.after for key, change in now.items()}
        for key, change in now.items():
            if key not in known or not _same(known[key], change):
                yield key, change


def _same(before: Any, change: EntryChange) -> bool:
    if change.change == REORDERED:
        return len(before) == len(change.after) and all(map(same, before, change.after))
    return same(before, change.after)
