"""The kinds of cells: how to read, name and write the contents of one mutable container.

Every kind reads many containers by loops that run in C and call only the methods of the built-in
base types, so no plugin code runs while we look. A container's contents are a list of *names*
(dict keys, attribute names, indices, or nothing for a set) and a list of values.
"""

from __future__ import annotations

import contextlib
import gc
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from operator import attrgetter, is_
from typing import Any

from enforcer.graph.show import show
from enforcer.graph.values import hash_free_key, same

Contents = list[tuple[Any, Any]]
"""(name, value) pairs of one container, in its order."""

NAMED, INDEXED, BAG = "named", "indexed", "bag"

_instance_dict = object.__getattribute__
_class_dict: Callable[[type], types.MappingProxyType[str, Any]] = type.__dict__["__dict__"].__get__


class Kind:
    """How to handle one kind of container. Stateless; one instance a kind.

    Attributes:
        shape: what names an entry: `NAMED` a key or attribute, `INDEXED` its place, `BAG` nothing.
        ordered: whether the order of named entries is part of the contents.
    """

    shape = NAMED
    ordered = True

    def read(self, objects: Sequence[Any]) -> list[Any]:
        """All names and values of all `objects`, flat, for comparing by identity."""
        raise NotImplementedError

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        """The number of entries of each object."""
        raise NotImplementedError

    def contents(self, obj: Any) -> Contents:
        """The entries of one object."""
        raise NotImplementedError

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        """The entries of the one object whose part of `flat` begins after `start` entries of others."""
        return list(enumerate(flat[start : start + size]))

    def restore(self, obj: Any, before: Contents) -> None:
        """Make `obj` hold `before` again, entry by entry, never emptying it in between."""
        raise NotImplementedError

    def step(self, obj: Any, name: Any) -> str:
        """How a plugin author would write the way from `obj` to its entry `name`."""
        raise NotImplementedError

    def unchanged(self, objects: Sequence[Any], flat: list[Any], sizes: list[int]) -> bool:
        """Whether all `objects` still hold exactly what `read` and `sizes` returned before."""
        if self.sizes(objects) != sizes:
            return False
        return all(map(is_, self.read(objects), flat))


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

    def read(self, objects: Sequence[Any]) -> list[Any]:
        cls = type(self)
        flat = list(chain.from_iterable(map(cls.keys, self.dicts(objects))))
        flat += chain.from_iterable(map(cls.values, self.dicts(objects)))
        return flat

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return list(map(type(self).length, self.dicts(objects)))

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
        wanted = {hash_free_key(name) for name, _ in before}
        for name in list(cls.keys(mapping)):
            if hash_free_key(name) not in wanted:
                cls.del_item(mapping, name)
        now = {hash_free_key(name): value for name, value in self.contents(obj)}
        for name, value in before:
            if now.get(hash_free_key(name), now) is not value:
                cls.set_item(mapping, name, value)
        if self.ordered:
            self._restore_order(mapping, before)

    def _restore_order(self, mapping: Any, before: Contents) -> None:
        cls = type(self)
        current = list(cls.keys(mapping))
        start = _first_difference(current, [name for name, _ in before])
        for name, value in before[start:]:
            cls.del_item(mapping, name)
            cls.set_item(mapping, name, value)

    def step(self, obj: Any, name: Any) -> str:
        return f"[{show(name)}]"


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


class OrderedDictKind(_Mapping):
    """`OrderedDict` keeps its order beside the dict, so its own methods must read and write it."""

    keys = OrderedDict.keys
    values = OrderedDict.values
    length = OrderedDict.__len__
    set_item = OrderedDict.__setitem__
    del_item = OrderedDict.__delitem__


class InstanceKind(DictKind):
    """The attributes of an object (or the globals of a module): its `__dict__`, whichever that is now.

    Their order has no meaning, and putting it back would take attributes away for a moment.
    """

    ordered = False

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return map(_instance_dict, objects, repeat("__dict__"))

    def step(self, obj: Any, name: Any) -> str:
        return f".{name}" if isinstance(name, str) else f".__dict__[{name!r}]"


class ClassKind(_Mapping):
    """The attributes of a class. Their order has no meaning."""

    ordered = False
    keys = types.MappingProxyType.keys
    values = types.MappingProxyType.values
    length = len

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return map(_class_dict, objects)

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


class _Sequence(Kind):
    """What list and deque share."""

    shape = INDEXED
    base: type[list[Any]] | type[deque[Any]]

    def read(self, objects: Sequence[Any]) -> list[Any]:
        return list(chain.from_iterable(map(self.base.__iter__, objects)))

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

    def read(self, objects: Sequence[Any]) -> list[Any]:
        return list(chain.from_iterable(map(set.__iter__, objects)))

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
        return ""


class ReferentsKind(Kind):
    """An extension object of a known type, seen through what it refers to (`gc.get_referents`).

    The containers that it holds are cells of their own; this cell notices when one is replaced.
    """

    def read(self, objects: Sequence[Any]) -> list[Any]:
        return list(chain.from_iterable(map(gc.get_referents, objects)))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return list(map(len, map(gc.get_referents, objects)))

    def contents(self, obj: Any) -> Contents:
        return list(enumerate(gc.get_referents(obj)))

    def restore(self, obj: Any, before: Contents) -> None:
        raise CannotRestore(f"the inside of a {type(obj).__name__}")

    def step(self, obj: Any, name: Any) -> str:
        return ""


class ClosureCellKind(ReferentsKind):
    """A variable that a closure keeps."""

    def contents(self, obj: Any) -> Contents:
        return [("cell_contents", value) for value in gc.get_referents(obj)]

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return [("cell_contents", value) for value in flat[start : start + size]]

    def restore(self, obj: Any, before: Contents) -> None:
        if before:
            obj.cell_contents = before[0][1]
        else:
            del obj.cell_contents


_FUNCTION_FIELDS = ("__code__", "__defaults__", "__kwdefaults__")
_function_fields = attrgetter(*_FUNCTION_FIELDS)


class FunctionKind(Kind):
    """What can be replaced on a Python function beside its attributes."""

    def read(self, objects: Sequence[Any]) -> list[Any]:
        return list(chain.from_iterable(map(_function_fields, objects)))

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return [len(_FUNCTION_FIELDS)] * len(objects)

    def contents(self, obj: Any) -> Contents:
        return list(zip(_FUNCTION_FIELDS, _function_fields(obj), strict=True))

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return list(zip(_FUNCTION_FIELDS, flat[start : start + size], strict=True))

    def restore(self, obj: Any, before: Contents) -> None:
        for name, value in before:
            setattr(obj, name, value)

    def step(self, obj: Any, name: Any) -> str:
        return f".{name}"


class SlotsKind(Kind):
    """The filled `__slots__` of an object, over all of its classes."""

    def read(self, objects: Sequence[Any]) -> list[Any]:
        return [part for obj in objects for pair in self.contents(obj) for part in pair]

    def sizes(self, objects: Sequence[Any]) -> list[int]:
        return [len(self.contents(obj)) for obj in objects]

    def contents(self, obj: Any) -> Contents:
        found: Contents = []
        for name, slot in slots_of(type(obj)):
            with contextlib.suppress(AttributeError):  # an empty slot
                found.append((name, slot.__get__(obj)))
        return found

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        part = flat[2 * start : 2 * (start + size)]
        return list(zip(part[::2], part[1::2], strict=True))

    def restore(self, obj: Any, before: Contents) -> None:
        wanted = dict(before)
        for name, slot in slots_of(type(obj)):
            if name in wanted:
                slot.__set__(obj, wanted[name])
            else:
                with contextlib.suppress(AttributeError):
                    slot.__delete__(obj)

    def step(self, obj: Any, name: Any) -> str:
        return f".{name}"


_SLOTS: dict[type, tuple[tuple[str, Any], ...]] = {}


def slots_of(cls: type) -> tuple[tuple[str, Any], ...]:
    """(name, descriptor) of every slot that Python code declared in `cls` and its bases."""
    slots = _SLOTS.get(cls)
    if slots is None:
        slots = _SLOTS[cls] = tuple(
            (name, member)
            for base in type.__getattribute__(cls, "__mro__")
            if base.__flags__ & HEAP_TYPE
            for name, member in _class_dict(base).items()
            if type(member) is types.MemberDescriptorType
        )
    return slots


HEAP_TYPE = 1 << 9
"""The flag of a type that was made at run time, by a `class` statement for example (`Py_TPFLAGS_HEAPTYPE`)."""


class Probe:
    """A piece of state that can only be asked for as a whole, such as the working directory or a protobuf.

    Args:
        name: how messages call it.
        read: returns a value that `same` can compare; called around every job.
        write: sets it back to such a value, or None where that is impossible.
        subject: the object behind it, kept alive and used for ownership.
    """

    __slots__ = ("name", "read", "subject", "write")

    def __init__(
        self, name: str, read: Callable[[], Any], write: Callable[[Any], None] | None, subject: object = None
    ) -> None:
        self.name = name
        self.read = read
        self.write = write
        self.subject = subject


class ProbeKind(Kind):
    """Probes; their values are made anew by each reading, so identity says nothing."""

    def read(self, objects: Sequence[Any]) -> list[Any]:
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
        return all(map(same, self.read(objects), flat))


class CannotRestore(Exception):
    """A cell's earlier contents cannot be put back; the text names the cell."""


DICT = DictKind()
ORDERED_DICT = OrderedDictKind()
INSTANCE = InstanceKind()
CLASS = ClassKind()
LIST = ListKind()
DEQUE = DequeKind()
SET = SetKind()
REFERENTS = ReferentsKind()
CLOSURE_CELL = ClosureCellKind()
FUNCTION = FunctionKind()
SLOTS = SlotsKind()
PROBE = ProbeKind()
