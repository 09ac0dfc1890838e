"""What libraries keep on their own objects when these are read.

A memo is what reading makes again, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from enforcer.bst.judging.python_memos import CACHES, PYTHON, Memo, is_cached_result, is_python_memo
from enforcer.graph.compare import ABSENT, ChangedCell, EntryChange
from enforcer.graph.graph import COMMON
from enforcer.graph.kinds import DICT, INSTANCE, SLOTS, Contents, Kind, by_name, name_key
from enforcer.graph.reading import (
    CopyReader,
    Keyed,
    Memory,
    Readers,
    Stopped,
    attribute_in_class,
    call,
    readers_of,
)
from enforcer.graph.twins import Likeness, NoTwin, ReadContents, is_container, now, twin
from enforcer.graph.values import same
from enforcer.graph.walk import Registry

LIBRARY = Memo("libraries' memos", "an object of a library keeps what its class computes again whenever it is read")

MEMOS = (PYTHON, CACHES, LIBRARY)


class Memos:
    """Which of these changes are memos.

    Args:
        changed: all that changed on others than the job's own element.
    """

    def __init__(self, changed: Iterable[ChangedCell], registry: Registry) -> None:
        self._before = {(each.cell.kind, id(each.cell.obj)): each.before for each in changed}
        self.plan_of = registry.plan
        self.memory = Memory(registry)
        self.policy = registry.policy

    def of(self, change: EntryChange) -> Memo | None:
        """Which memo `change` is, or None."""
        if is_cached_result(change):
            return CACHES
        if is_python_memo(change, self.policy):
            return PYTHON
        try:
            return LIBRARY if self._is_memo(change) else None
        except (NoTwin, Stopped):
            return None

    def _is_memo(self, change: EntryChange) -> bool:
        place = _place_of(change)
        if place is None:
            return False
        # What is taken away is a memo if reading what is left brings it back.
        removed = change.after is ABSENT
        wanted = change.before if removed else change.after
        start, end = (now, self._then) if removed else (self._then, now)
        readers = self._readers(place.obj, place.attribute)
        reading = _Reading(place.obj, place.attribute, start, end, self)
        return reading.makes(readers) or (
            place.in_table and any(reading.enters(method, change.name, wanted) for method in readers.keyed)
        )

    def _readers(self, obj: Any, attribute: str) -> Readers:
        return readers_of(type(obj), attribute, self.policy)

    def _then(self, kind: Kind, obj: Any) -> Contents:
        found = self._before.get((kind, id(obj)))
        return now(kind, obj) if found is None else found


class _Place(NamedTuple):
    """The object that a change is part of, and its attribute: a table, if only an entry of that has changed."""

    obj: Any
    attribute: str
    in_table: bool


def _place_of(change: EntryChange) -> _Place | None:
    cell, name = change.cell, change.name
    while is_container(cell.obj):
        if cell.parent is None or cell.via:
            return None
        cell, name = cell.parent, cell.name
    if (cell.kind is not INSTANCE and cell.kind is not SLOTS) or type(name) is not str:
        return None
    if cell.parent is None and change.unit.kind != COMMON:
        return None  # a plugin, a module or a class
    return _Place(cell.obj, name, change.cell.parent is cell and change.cell.kind is DICT)


class _Reading:
    """Copies of one object that are read.

    Args:
        attribute: what reading may fill in.
        start: what a copy holds before.
        end: what the object holds where nothing but memos was filled in.
    """

    def __init__(self, obj: Any, attribute: str, start: ReadContents, end: ReadContents, memos: Memos) -> None:
        self._obj = obj
        self._attribute = attribute
        self._start = start
        self._memos = memos
        self._plan_of = memos.plan_of
        self._wanted = self._of(twin(obj, self._plan_of, end))

    def makes(self, readers: Readers) -> bool:
        """Whether one of these gives the attribute what it is to hold, and leaves it like this when it reads again."""
        before = self._of(self._copy())
        empty = before is None or before is ABSENT
        return any(self._settles(each) for each in readers.plain) or (
            empty and any(self._settles(each, asked=True) for each in readers.getters)
        )

    def _settles(self, reader: CopyReader, asked: bool = False) -> bool:
        copy = self._copy()
        given = self._call(reader, copy)
        kept = self._of(copy)
        if not self._is_as_wanted(copy) or (asked and type(given) not in _ANSWERS and not same(given, kept)):
            return False
        again = self._call(reader, copy)
        return self._is_as_wanted(copy) and (not asked or same(given, again))

    def enters(self, method: Keyed, key: Any, wanted: Any) -> bool:
        """Whether a method enters into the table `wanted` for this argument, and returns it, now and ever after."""
        copy = self._copy()
        given = self._call(method, copy, key)
        entered = self._entry(copy, key)
        if given is None or not same(given, entered) or not self._likeness(copy).alike(wanted, entered):
            return False
        return same(self._call(method, copy, key), entered) and same(self._entry(copy, key), entered)

    def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        return call(self._memos.policy, function, *args)

    def _entry(self, copy: Any, key: Any) -> Any:
        return by_name(DICT.contents(self._of(copy))).get(name_key(key), (key, ABSENT))[1]

    def _copy(self) -> Any:
        return twin(self._obj, self._plan_of, self._start)

    def _of(self, copy: Any) -> Any:
        return attribute_in_class(copy, self._attribute, self._plan_of)

    def _is_as_wanted(self, copy: Any) -> bool:
        return self._likeness(copy).alike(self._wanted, self._of(copy))

    def _likeness(self, copy: Any) -> Likeness:
        likeness = Likeness(self._plan_of, self._memos.memory.settles)
        likeness.pair(self._obj, copy)
        return likeness


_ANSWERS = (int, float, str, bytes)
"""A method that returns one of these has been asked for it; others may have been told to do something."""
