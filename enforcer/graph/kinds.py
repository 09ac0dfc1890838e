"""The kinds of cells: how to read, name and write the contents of one mutable container.

Every kind reads many containers by loops that run in C and call only the methods of the built-in
base types, so no plugin code runs while we look. A container's contents are a list of *names*
(dict keys, attribute names, indices, or nothing for a set) and a list of values.
"""

from __future__ import annotations

import sys
import types
from abc import ABC, abstractmethod
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from gc import get_referents
from itertools import chain, repeat
from operator import attrgetter, is_, itemgetter
from typing import Any

from enforcer.graph.native.spec import Native
from enforcer.graph.native.table import native_of
from enforcer.graph.show import show
from enforcer.graph.values import (
    ATOMIC_IDS,
    class_dict,
    class_flags,
    class_mro,
    class_name,
    hash_free_key,
    identity,
    same,
)

Contents = list[tuple[Any, Any]]
"""(name, value) pairs of one container, in its order."""

NAMED, INDEXED, BAG = "named", "indexed", "bag"

_instance_dict = object.__getattribute__

_class_of: Any = object.__dict__["__class__"]


class Kind(ABC):
    """How to handle one kind of container. Stateless; one instance a kind.

    Attributes:
        shape: what names an entry: `NAMED` a key or attribute, `INDEXED` its place, `BAG` nothing.
        ordered: whether the order of named entries is part of the contents.
    """

    shape = NAMED
    ordered = True

    @abstractmethod
    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        """All names and values of all `objects`, flat, for comparing by identity."""

    @abstractmethod
    def sizes(self, objects: Sequence[Any]) -> list[int]:
        """The number of entries of each object."""

    @abstractmethod
    def contents(self, obj: Any) -> Contents:
        """The entries of one object."""

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        """The entries of the one object whose part of the listed `flow` begins after `start` entries of others."""
        return list(enumerate(flat[start : start + size]))

    @abstractmethod
    def restore(self, obj: Any, before: Contents) -> None:
        """Make `obj` hold `before` again, entry by entry, never emptying it in between."""

    def update(self, obj: Any, removed: Sequence[Any], set_: Sequence[tuple[Any, Any]]) -> None:
        """Remove and set named entries, and leave all others as they are."""
        self.restore(obj, list(updated(self.contents(obj), removed, set_).values()))

    @abstractmethod
    def step(self, obj: Any, name: Any) -> str:
        """How a plugin author would write the way from `obj` to its entry `name`."""

    def text(self, obj: Any, value: Any) -> str | None:
        """What messages show for a value of an entry that would say nothing to an author; else None."""
        return None

    def unchanged(self, objects: Sequence[Any], flat: list[Any], sizes: list[int]) -> bool:
        """Whether all `objects` still hold exactly what `flow` and `sizes` returned before."""
        if self.sizes(objects) != sizes:
            return False
        return all(map(is_, self.flow(objects), flat))


class ListedKind(Kind):
    """What is read object by object, because no loop in C knows how. Rare containers only."""

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return chain.from_iterable(chain.from_iterable(map(self.contents, objects)))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return list(map(len, map(self.contents, objects)))

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        part = flat[2 * start : 2 * (start + size)]
        return list(zip(part[::2], part[1::2], strict=True))

    def unchanged(self, objects: Sequence[Any], flat: list[Any], sizes: list[int]) -> bool:
        entries = list(map(self.contents, objects))
        if list(map(len, entries)) != sizes:
            return False
        return all(map(is_, chain.from_iterable(chain.from_iterable(entries)), flat))


class _Mapping(Kind):
    """What all dict-like kinds share; subclasses say how to reach the dict and its views."""

    # Unbound methods of a built-in base type.
    keys: Any
    values: Any
    length: Any
    set_item: Any
    del_item: Any

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return objects

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return self._flow(list(self.dicts(objects)))

    def _flow(self, dicts: list[Any]) -> Iterable[Any]:
        keys, values = map(type(self).keys, dicts), map(type(self).values, dicts)
        return chain(chain.from_iterable(keys), chain.from_iterable(values))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return list(map(type(self).length, self.dicts(objects)))

    def unchanged(self, objects: Sequence[Any], flat: list[Any], sizes: list[int]) -> bool:
        dicts = list(self.dicts(objects))
        if list(map(type(self).length, dicts)) != sizes:
            return False
        return all(map(is_, self._flow(dicts), flat))

    def contents(self, obj: Any) -> Contents:
        cls = type(self)
        (mapping,) = self.dicts((obj,))
        return list(zip(cls.keys(mapping), cls.values(mapping), strict=True))

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        values = len(flat) // 2 + start
        return list(zip(flat[start : start + size], flat[values : values + size], strict=True))

    def restore(self, obj: Any, before: Contents) -> None:
        cls = type(self)
        (mapping,) = self.dicts((obj,))
        wanted = by_name(before)
        for name in list(cls.keys(mapping)):
            if name_key(name) not in wanted:
                cls.del_item(mapping, name)
        now = by_name(self.contents(obj))
        for key, (name, value) in wanted.items():
            if key not in now or now[key][1] is not value:
                cls.set_item(mapping, name, value)
        if self.ordered:
            self._restore_order(obj, mapping, before)

    def _restore_order(self, obj: Any, mapping: Any, before: Contents) -> None:
        cls = type(self)
        current = [name for name, _ in self.contents(obj)]
        start = _first_difference(current, [name for name, _ in before])
        for name, value in before[start:]:
            cls.del_item(mapping, name)
            cls.set_item(mapping, name, value)

    def step(self, obj: Any, name: Any) -> str:
        return f"[{show(name)}]"


def name_key(name: Any) -> object:
    """A dictionary key for the name of an entry: `hash_free_key`, but for strings, which are most."""
    return name if type(name) is str else hash_free_key(name)


def by_name(contents: Contents) -> dict[object, tuple[Any, Any]]:
    """Named entries by the keys of their names."""
    # A string stands for itself: nothing else has a string for its key.
    return {name if type(name) is str else hash_free_key(name): (name, value) for name, value in contents}


def updated(
    contents: Contents, removed: Iterable[Any], set_: Iterable[tuple[Any, Any]]
) -> dict[object, tuple[Any, Any]]:
    """Named entries by the keys of their names, without some and with others."""
    entries = by_name(contents)
    for name in removed:
        entries.pop(name_key(name), None)
    for name, value in set_:
        entries[name_key(name)] = (name, value)
    return entries


def _first_difference(a: list[Any], b: list[Any]) -> int:
    for index, (x, y) in enumerate(zip(a, b, strict=True)):
        if not same(x, y):
            return index
    return len(a)


class DictKind(_Mapping):
    """`dict` and everything derived from it but `OrderedDict`."""

    keys = dict.keys
    values = dict.values
    length = dict.__len__
    set_item = dict.__setitem__
    del_item = dict.__delitem__

    def update(self, obj: Any, removed: Sequence[Any], set_: Sequence[tuple[Any, Any]]) -> None:
        if not all(type(name) is str for name in removed) or not all(type(name) is str for name, _ in set_):
            super().update(obj, removed, set_)
            return
        (mapping,) = self.dicts((obj,))
        for name in removed:
            if dict.__contains__(mapping, name):
                type(self).del_item(mapping, name)
        for name, value in set_:
            type(self).set_item(mapping, name, value)


class OrderedDictKind(ListedKind, DictKind):
    """`OrderedDict` keeps its order beside the dict, so its own methods must read and write it.

    To follow that order hashes the keys. Where that could run somebody's `__hash__`, the order of
    insertion has to do: what `move_to_end` does to such keys is not seen.
    """

    set_item = OrderedDict.__setitem__
    del_item = OrderedDict.__delitem__

    def contents(self, obj: Any) -> Contents:
        entries = list(zip(dict.keys(obj), dict.values(obj), strict=True))
        if not all(_hashes_in_c(name) for name, _ in entries):
            return entries
        by_key = {hash_free_key(name): (name, value) for name, value in entries}
        try:
            ordered = [by_key[hash_free_key(name)] for name in OrderedDict.__iter__(obj)]
        except (KeyError, RuntimeError):  # somebody wrote past it, with the methods of dict
            return entries
        return ordered if len(ordered) == len(entries) else entries


def _hashes_in_c(key: Any, depth: int = 0) -> bool:
    if type(key) is tuple:
        return depth < 20 and all(_hashes_in_c(item, depth + 1) for item in key)
    return identity(type(key)) in ATOMIC_IDS


class InstanceKind(DictKind):
    """The attributes of an object (or the globals of a module): its `__dict__`, whichever that is now.

    Their order has no meaning, and putting it back would take attributes away for a moment.
    """

    ordered = False

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return map(_instance_dict, objects, repeat("__dict__"))

    def step(self, obj: Any, name: Any) -> str:
        if type(name) is not str or any(name == slot for slot, _ in slots_of(type(obj))):
            return f".__dict__[{show(name)}]"
        return f".{name}"


class TypeKind(Kind):
    """The class that an object has, which a program can assign."""

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return map(type, objects)

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return [1] * len(objects)

    def contents(self, obj: Any) -> Contents:
        return [("__class__", type(obj))]

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return [("__class__", flat[start])]

    def restore(self, obj: Any, before: Contents) -> None:
        _class_of.__set__(obj, before[0][1])

    def step(self, obj: Any, name: Any) -> str:
        return ".__class__"

    def unchanged(self, objects: Sequence[Any], flat: list[Any], sizes: list[int]) -> bool:
        return all(map(is_, map(type, objects), flat))


class ClassKind(_Mapping):
    """The attributes of a class. Their order has no meaning."""

    ordered = False
    keys = types.MappingProxyType.keys
    values = types.MappingProxyType.values
    length = len

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return map(class_dict, objects)

    def restore(self, obj: Any, before: Contents) -> None:
        wanted = dict(before)
        now = dict(self.contents(obj))
        for name in now:
            if name not in wanted:
                type.__delattr__(obj, name)
        for name, value in before:
            if name not in now or now[name] is not value:
                type.__setattr__(obj, name, value)

    def step(self, obj: Any, name: Any) -> str:
        return f".{name}"


class ClassFieldsKind(Kind):
    """What a class has beside its attributes, kept in C, and can be given anew."""

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return chain.from_iterable(zip(*(map(field.__get__, objects) for field in _CLASS_FIELDS.values()), strict=True))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return [len(_CLASS_FIELDS)] * len(objects)

    def contents(self, obj: Any) -> Contents:
        return [(name, field.__get__(obj)) for name, field in _CLASS_FIELDS.items()]

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return list(zip(_CLASS_FIELDS, flat[start : start + size], strict=True))

    def restore(self, obj: Any, before: Contents) -> None:
        for name, value in before:
            if _CLASS_FIELDS[name].__get__(obj) is not value:
                _CLASS_FIELDS[name].__set__(obj, value)

    def step(self, obj: Any, name: Any) -> str:
        return f".{name}"


# Of `type` itself: a metaclass may have properties of these names.
_CLASS_FIELDS: dict[str, Any] = {name: type.__dict__[name] for name in ("__bases__", "__name__", "__qualname__")}


class _Sequence(Kind):
    """What list and deque share."""

    shape = INDEXED
    base: type[list[Any]] | type[deque[Any]]

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return chain.from_iterable(map(self.base.__iter__, objects))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return list(map(self.base.__len__, objects))

    def contents(self, obj: Any) -> Contents:
        return list(enumerate(self.base.__iter__(obj)))

    def step(self, obj: Any, name: Any) -> str:
        return f"[{name}]"


class ListKind(_Sequence):
    """`list` and what derives from it."""

    base = list

    def restore(self, obj: Any, before: Contents) -> None:
        list.__setitem__(obj, slice(None), [value for _, value in before])


class DequeKind(_Sequence):
    """`deque` and what derives from it."""

    base = deque

    def restore(self, obj: Any, before: Contents) -> None:
        while deque.__len__(obj) > len(before):
            deque.pop(obj)
        for index, value in before:
            if index < deque.__len__(obj):
                deque.__setitem__(obj, index, value)
            else:
                deque.append(obj, value)


class SetKind(Kind):
    """`set` and what derives from it: entries have no names and no order."""

    shape = BAG
    ordered = False

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return chain.from_iterable(map(set.__iter__, objects))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return list(map(set.__len__, objects))

    def contents(self, obj: Any) -> Contents:
        return [(None, value) for value in set.__iter__(obj)]

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return [(None, value) for value in flat[start : start + size]]

    def restore(self, obj: Any, before: Contents) -> None:
        wanted = {hash_free_key(value) for _, value in before}
        for value in list(set.__iter__(obj)):
            if hash_free_key(value) not in wanted:
                set.discard(obj, value)
        for _, value in before:
            set.add(obj, value)

    def step(self, obj: Any, name: Any) -> str:
        return "{…}"


def _inner(objects: Sequence[Any]) -> Iterable[Any]:
    return map(itemgetter(0), map(get_referents, objects))


class WrappedDictKind(DictKind):
    """An extension object around one dict: whichever it holds now, so a replaced one shows as its contents."""

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return _inner(objects)


class WrappedListKind(ListKind):
    """An extension object around one list."""

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return super().flow(list(_inner(objects)))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return super().sizes(list(_inner(objects)))

    def contents(self, obj: Any) -> Contents:
        return super().contents(next(iter(_inner((obj,)))))

    def restore(self, obj: Any, before: Contents) -> None:
        super().restore(next(iter(_inner((obj,)))), before)


class ClosureCellKind(Kind):
    """A variable that a closure keeps."""

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return chain.from_iterable(map(get_referents, objects))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return list(map(len, map(get_referents, objects)))

    def contents(self, obj: Any) -> Contents:
        return [("cell_contents", value) for value in get_referents(obj)]

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return [("cell_contents", value) for value in flat[start : start + size]]

    def restore(self, obj: Any, before: Contents) -> None:
        if before:
            obj.cell_contents = before[0][1]
        else:
            del obj.cell_contents

    def step(self, obj: Any, name: Any) -> str:
        return ""


class _Fields(Kind):
    """Attributes that every object of a type has, kept in C."""

    fields: tuple[str, ...]

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return chain.from_iterable(map(attrgetter(*self.fields), objects))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return [len(self.fields)] * len(objects)

    def contents(self, obj: Any) -> Contents:
        return list(zip(self.fields, attrgetter(*self.fields)(obj), strict=True))

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return list(zip(self.fields, flat[start : start + size], strict=True))

    def step(self, obj: Any, name: Any) -> str:
        return f".{name}"


# Since Python 3.14 asking for them runs code.
ANNOTATIONS = ("__annotations__",) if sys.version_info < (3, 14) else ()
FUNCTION_FIELDS = ("__code__", "__defaults__", "__kwdefaults__", *ANNOTATIONS)
"""What can be replaced on a Python function beside its attributes."""


class FunctionKind(_Fields):
    """A Python function, beside its attributes."""

    fields = FUNCTION_FIELDS

    def restore(self, obj: Any, before: Contents) -> None:
        for name, value in before:
            setattr(obj, name, value)


class PartialKind(_Fields):
    """What a `functools.partial` calls, and with what."""

    fields = ("func", "args", "keywords")

    def restore(self, obj: Any, before: Contents) -> None:
        obj.__setstate__((*(value for _, value in before), vars(obj)))


class SlotsKind(ListedKind):
    """The filled `__slots__` of an object, over all of its classes."""

    def contents(self, obj: Any) -> Contents:
        found: Contents = []
        for name, slot in slots_of(type(obj)):
            try:
                value = slot.__get__(obj)
            except AttributeError:  # an empty slot
                continue
            found.append((name, value))
        return found

    def restore(self, obj: Any, before: Contents) -> None:
        wanted, now = dict(before), dict(self.contents(obj))
        for name, slot in slots_of(type(obj)):
            if name not in wanted:
                if name in now:
                    slot.__delete__(obj)
            elif now.get(name, now) is not wanted[name]:
                slot.__set__(obj, wanted[name])

    def step(self, obj: Any, name: Any) -> str:
        return f".{name}"


# By the class's id: hashing a class runs its metaclass's `__hash__`.
_SLOTS: dict[int, tuple[type, tuple[tuple[str, Any], ...]]] = {}


def slots_of(cls: type) -> tuple[tuple[str, Any], ...]:
    """(name, descriptor) of every slot that is declared in `cls` and its bases.

    A slot that a subclass declares again is named after its class too: `Base.name`.
    """
    known = _SLOTS.get(id(cls))
    if known is None:
        known = _SLOTS[id(cls)] = (cls, tuple(_find_slots(cls)))
    return known[1]


def forget_classes() -> None:
    """Keep no class alive that only an earlier graph knew."""
    _SLOTS.clear()
    _NATIVE.clear()


def _find_slots(cls: type) -> Iterator[tuple[str, Any]]:
    names: set[str] = set()
    for base in class_mro(cls):
        # `default_factory` of a defaultdict is as good as a slot; the members of other types of C are none.
        if (class_flags(base) & HEAP_TYPE and "__slots__" in class_dict(base)) or base is defaultdict:
            for name, member in class_dict(base).items():
                if type(member) is types.MemberDescriptorType:
                    yield (f"{class_name(base)}.{name}" if name in names else name), member
                    names.add(name)


HEAP_TYPE = 1 << 9
"""The flag of a type that was made at run time, by a `class` statement for example (`Py_TPFLAGS_HEAPTYPE`)."""


class Probe:
    """A piece of state that can only be asked for as a whole, such as the working directory or a protobuf.

    Args:
        name: how messages call it.
        read: returns a value that `same` can compare; called around every job.
        write: sets it back to such a value, or None where that is impossible.
        subject: the object behind it, kept alive and used for ownership.
        version: returns a value that is another one as soon as `read` may return something else, if there is one.
    """

    __slots__ = ("name", "read", "subject", "version", "write")

    def __init__(
        self,
        name: str,
        read: Callable[[], Any],
        write: Callable[[Any], None] | None,
        subject: object = None,
        version: Callable[[], object] | None = None,
    ) -> None:
        self.name = name
        self.read = read
        self.write = write
        self.subject = subject
        self.version = version


class ProbeKind(Kind):
    """Probes; their values are made anew by each reading, so identity says nothing."""

    def flow(self, objects: Sequence[Any]) -> Iterable[Any]:
        return [probe.read() for probe in objects]

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return [1] * len(objects)

    def contents(self, obj: Probe) -> Contents:
        return [("", obj.read())]

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return [("", flat[start])]

    def restore(self, obj: Probe, before: Contents) -> None:
        if obj.write is None:
            raise CannotRestore(obj.name)
        obj.write(before[0][1])

    def step(self, obj: Probe, name: Any) -> str:
        return obj.name

    def unchanged(self, objects: Sequence[Any], flat: list[Any], sizes: list[int]) -> bool:
        return all(map(same, self.flow(objects), flat))


class NativeKind(ListedKind):
    """What a built-in type keeps in C. Names are the rest of the path: `""`, `".tell()"`."""

    ordered = False

    def contents(self, obj: Any) -> Contents:
        return native_state(type(obj)).read(obj)

    def restore(self, obj: Any, before: Contents) -> None:
        write = native_state(type(obj)).write
        if write is None:
            raise CannotRestore(class_name(type(obj)))
        write(obj, dict(before))

    def step(self, obj: Any, name: Any) -> str:
        return str(name)

    def unchanged(self, objects: Sequence[Any], flat: list[Any], sizes: list[int]) -> bool:
        entries = list(map(self.contents, objects))
        if list(map(len, entries)) != sizes:
            return False
        # Values are made anew by each reading.
        return all(map(same, chain.from_iterable(chain.from_iterable(entries)), flat))

    def text(self, obj: Any, value: Any) -> str | None:
        return native_state(type(obj)).text(obj, value)

    def told(self, obj: Any, names: Sequence[Any]) -> list[Any]:
        """Of the names of entries that changed, those that messages are about."""
        native = native_state(type(obj))
        first = next((name for name in native.first_of if name in names), None)
        return [
            name for name in names if name == first or (name not in native.first_of and name not in native.incidental)
        ]


_NATIVE: dict[int, tuple[type, Native]] = {}


def native_state(cls: type) -> Native:
    """How the state of objects of `cls`, which have some in C, is read and written."""
    known = _NATIVE.get(id(cls))
    if known is None:
        native = native_of(cls)
        assert native is not None
        known = _NATIVE[id(cls)] = (cls, native)
    return known[1]


class CannotRestore(Exception):
    """A cell's earlier contents cannot be put back; the text names the cell."""


DICT = DictKind()
ORDERED_DICT = OrderedDictKind()
INSTANCE = InstanceKind()
TYPE = TypeKind()
CLASS = ClassKind()
CLASS_FIELDS = ClassFieldsKind()
LIST = ListKind()
DEQUE = DequeKind()
SET = SetKind()
WRAPPED_DICT = WrappedDictKind()
WRAPPED_LIST = WrappedListKind()
CLOSURE_CELL = ClosureCellKind()
FUNCTION = FunctionKind()
PARTIAL = PartialKind()
SLOTS = SlotsKind()
PROBE = ProbeKind()
NATIVE = NativeKind()
