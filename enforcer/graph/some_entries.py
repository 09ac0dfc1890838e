"""Kinds for what is larger than what counts of it: some entries of a dictionary, and what a name leads to now.

The globals of a library's module are mostly its own business: it fills caches and remembers what it has imported. Its
functions and classes are not. So a `PartOf` is read, compared and written by the names that it was made with, and all
else in the same dictionary may change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from gc import get_referents
from itertools import chain, repeat
from operator import is_, itemgetter
from typing import Any

from enforcer.graph import words
from enforcer.graph.kinds import Contents, DictKind, Kind, ListKind
from enforcer.graph.show import show
from enforcer.graph.values import class_dict, is_class, vars_of

_GONE = object()
"""Stands for an entry that is not there."""


class PartOf:
    """Some entries of the attributes of `owner`: a module, a class, or an object; or of a dictionary.

    Args:
        owner: whose they are.
        names: the entries that count; those that are not there now do not.
        after: is called when they were put back.
        added: whether an entry of another name counts as soon as it is there.

    Attributes:
        mapping: the dictionary that they are in.
    """

    __slots__ = ("_counts", "_known", "_read", "after", "mapping", "names", "owner")

    def __init__(
        self,
        owner: Any,
        names: Iterable[str],
        after: Callable[[], None] | None = None,
        added: Callable[[str, Any], bool] | None = None,
    ) -> None:
        self.owner = owner
        self.mapping = _mapping_of(owner)
        self.names = tuple(name for name in names if name in self.mapping)
        self.after = after
        self._counts = added
        self._known = frozenset(self.mapping) if added else frozenset()
        self._read = _reader(self.names)

    def held(self) -> tuple[Any, ...]:
        """What the entries hold, in their order, something else for one that is gone; then what was added."""
        try:
            held = self._read(self.mapping)
        except KeyError:
            held = tuple([self.mapping.get(name, _GONE) for name in self.names])
        if self._counts is None or len(self.mapping) == len(self._known):
            return held
        return (*held, *chain.from_iterable(self._added(self._counts)))

    def _added(self, counts: Callable[[str, Any], bool]) -> list[tuple[str, Any]]:
        added = [entry for entry in list(self.mapping.items()) if type(entry[0]) is str and entry[0] not in self._known]
        return [(name, value) for name, value in added if counts(name, value)]


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) == 1:  # where `itemgetter` returns no tuple
        name = names[0]
        return lambda mapping: (mapping[name],)
    return itemgetter(*names) if names else lambda mapping: ()


def _mapping_of(owner: Any) -> dict[str, Any]:
    if type(owner) is dict:
        return owner
    if is_class(owner):
        (mapping,) = get_referents(class_dict(owner))
        return mapping  # type: ignore[no-any-return]
    return vars_of(owner)


class PartKind(Kind):
    """Parts, each entry by its name."""

    ordered = False

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return chain.from_iterable((part, *part.held()) for part in objects)

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return [len(part.held()) + 1 for part in objects]

    def contents(self, obj: PartOf) -> Contents:
        return _named(obj, obj.held())

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return _named(flat[start], flat[start + 1 : start + size])

    def restore(self, obj: PartOf, before: Contents) -> None:
        wanted = dict(before)
        for name, _ in self.contents(obj):
            if name not in wanted:
                _delete(obj.owner, obj.mapping, name)
        for name, value in before:
            if name not in obj.mapping or obj.mapping[name] is not value:
                _set(obj.owner, obj.mapping, name, value)
        if obj.after is not None:
            obj.after()

    def step(self, obj: PartOf, name: Any) -> str:
        return f"[{show(name)}]" if type(obj.owner) is dict else f".{name}"


def _named(part: PartOf, held: Sequence[Any]) -> Contents:
    count = len(part.names)
    entries = list(zip(part.names, held, strict=False))
    entries += zip(held[count::2], held[count + 1 :: 2], strict=True)
    if any(map(is_, held, repeat(_GONE))):
        return [entry for entry in entries if entry[1] is not _GONE]
    return entries


def _set(owner: Any, mapping: dict[str, Any], name: str, value: Any) -> None:
    if is_class(owner):
        type.__setattr__(owner, name, value)
    else:
        mapping[name] = value


def _delete(owner: Any, mapping: dict[str, Any], name: str) -> None:
    if is_class(owner):
        type.__delattr__(owner, name)
    else:
        del mapping[name]


class PartsPass:
    """What parts hold now, to be compared again and again: only those are read whose dictionary was written to."""

    def __init__(self, parts: Sequence[PartOf]) -> None:
        self._parts = parts
        self._words = words.Words([words.version_place(part.mapping) for part in self._parts] if _VERSIONS else [])
        self._held: list[tuple[Any, ...]] = [part.held() for part in self._parts]

    def unchanged(self) -> bool:
        """Whether all parts hold exactly the objects that they held."""
        if not _VERSIONS:
            return self._are_held(range(len(self._parts)))
        now, moved = self._words.moved()
        if not moved:
            return True
        if not self._are_held(moved):
            return False
        self._words.retake(now)
        return True

    def _are_held(self, indices: Iterable[int]) -> bool:
        now = [self._parts[index].held() for index in indices]
        held = [self._held[index] for index in indices]
        if list(map(len, now)) != list(map(len, held)):
            return False
        return all(map(is_, chain.from_iterable(now), chain.from_iterable(held)))


_VERSIONS = words.AVAILABLE


class Current:
    """A container that a name leads to, whichever that is now.

    Args:
        find: gives it, and must run no plugin code.
        rebind: makes the name lead to another one.
        after: is called when it was put back.

    Attributes:
        first: the container that it was when this was made.
        by_imports: whether modules enter something when they are first imported.
        place: the module or object, and its attribute, that the name is, where it is one.
    """

    __slots__ = ("after", "by_imports", "find", "first", "place", "rebind")

    def __init__(
        self,
        find: Callable[[], Any],
        rebind: Callable[[Any], None] | None = None,
        after: Callable[[], None] | None = None,
        by_imports: bool = False,
        place: tuple[Any, str] | None = None,
    ) -> None:
        self.place = place
        self.find = find
        self.first = find()
        self.rebind = rebind
        self.after = after
        self.by_imports = by_imports

    def put_back(self) -> Any:
        """The first one, to which the name leads again, if it can."""
        if self.rebind is None:
            return self.find()
        if self.find() is not self.first:
            self.rebind(self.first)
        return self.first

    def done(self) -> None:
        """The contents were put back."""
        if self.after is not None:
            self.after()


class CurrentListKind(ListKind):
    """Lists that names lead to."""

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return super().flow([_as(list, each.find()) for each in objects])

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return super().sizes([_as(list, each.find()) for each in objects])

    def contents(self, obj: Any) -> Contents:
        return super().contents(_as(list, obj.find()))

    def restore(self, obj: Any, before: Contents) -> None:
        super().restore(obj.put_back(), before)
        obj.done()


class CurrentDictKind(DictKind):
    """Dictionaries that names lead to. The order of their entries has no meaning."""

    ordered = False

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return [_as(dict, each.find()) for each in objects]

    def restore(self, obj: Any, before: Contents) -> None:
        obj.put_back()
        super().restore(obj, before)
        obj.done()


def _as(kind: type, found: Any) -> Any:
    """`found`; somebody may have put an object of another kind in its place."""
    if issubclass(type(found), kind):
        return found
    return [found] if kind is list else {"": found}


class Bundle:
    """Objects of cells that are looked at together, with the kind of each.

    Attributes:
        groups: the objects by kind.
        ids: their identities.
    """

    __slots__ = ("groups", "ids")

    def __init__(self, cells: Iterable[tuple[Kind, Any]]) -> None:
        self.groups: dict[Kind, list[Any]] = {}
        for kind, obj in cells:
            self.groups.setdefault(kind, []).append(obj)
        self.ids = {id(obj) for objects in self.groups.values() for obj in objects}


PART = PartKind()
CURRENT_LIST = CurrentListKind()
CURRENT_DICT = CurrentDictKind()
