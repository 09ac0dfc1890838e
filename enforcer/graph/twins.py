"""A copy of an object that nothing else holds, made without code of its class; and when two objects are alike."""

from __future__ import annotations

import datetime
import decimal
import re
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from enforcer.graph.kinds import BAG, INSTANCE, SLOTS, TYPE, Contents, Kind, by_name
from enforcer.graph.values import ATOMIC_IDS, class_dict, class_mro, hash_free_key, identity, same
from enforcer.graph.walk import Plan

ReadContents = Callable[[Kind, Any], Contents]
"""What the cell of this kind of an object holds, or is to hold."""

Differ = Callable[[Any, Any, str], bool]
"""Whether attribute `name` of two objects of one class is alike after all, although it holds something else."""

_MAX_DEPTH = 20
# Types of which an object is a value itself, beside its attributes.
_VALUES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (tuple, lambda obj: tuple(tuple.__iter__(obj))),
    (frozenset, lambda obj: frozenset(frozenset.__iter__(obj))),
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, lambda obj: bytes.__getitem__(obj, slice(None))),
)
CONTAINERS: tuple[Any, ...] = (OrderedDict, defaultdict, dict, list, set, deque)
"""Python's own containers."""
_CONTAINER_IDS = frozenset(map(id, CONTAINERS))
# Immutable, and compared by an `==` that is exact and runs nobody's code.
_COMPARABLE_IDS = frozenset(
    map(
        id,
        (
            *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone),
            *(decimal.Decimal, re.Pattern),
        ),
    )
)


PlanOf = Callable[[type], Plan]
"""How objects of a class are walked."""


class NoTwin(Exception):
    """There is no copy of such an object: it has state that only C code sees, or acts when it goes away."""


def now(kind: Kind, obj: Any) -> Contents:
    """What the cell holds at present."""
    return kind.contents(obj)


def is_container(obj: Any) -> bool:
    """Whether `obj` is one of Python's own containers, and of no class that derives from one."""
    return id(type(obj)) in _CONTAINER_IDS


def twin(obj: Any, plan_of: PlanOf, read: ReadContents) -> Any:
    """A copy of `obj`, and of plain containers in it, that holds what `read` says; all else is held by both."""
    cls = type(obj)
    plan = plan_of(cls)
    if plan.opaque or not plan.cell_kinds or any("__del__" in class_dict(base) for base in class_mro(cls)):
        raise NoTwin
    return _Twins(plan_of, read).copy(obj, plan, 0)


class _Twins:
    def __init__(self, plan_of: PlanOf, read: ReadContents) -> None:
        self._plan_of = plan_of
        self._read = read
        self._made: dict[int, Any] = {}

    def copy(self, obj: Any, plan: Plan, depth: int) -> Any:
        new = self._made[id(obj)] = _blank(obj)
        for kind in plan.cell_kinds:
            if kind is not TYPE:
                kind.restore(new, [(name, self._inside(value, depth)) for name, value in self._read(kind, obj)])
        return new

    def _inside(self, value: Any, depth: int) -> Any:
        if id(value) in self._made:
            return self._made[id(value)]
        if not is_container(value) or depth > _MAX_DEPTH:
            return value
        return self.copy(value, self._plan_of(type(value)), depth + 1)


def _blank(obj: Any) -> Any:
    cls = type(obj)
    try:
        for base, value_of in _VALUES:
            if issubclass(cls, base):
                return base.__new__(cls, value_of(obj))
        if issubclass(cls, deque):
            new: Any = deque.__new__(cls)
            deque.__init__(new, (), deque.maxlen.__get__(obj))
            return new
        maker = next((base for base in CONTAINERS if issubclass(cls, base)), object)
        return maker.__new__(cls)
    except TypeError as error:  # abstract, or made by another C class
        raise NoTwin from error


class Likeness:
    """Whether objects say the same, by what they hold; runs no code of their classes.

    Args:
        settles: asked where an attribute of two objects of one class differs.
        exchangeable: the classes of which one object can stand for another that is alike.
    """

    def __init__(
        self,
        plan_of: PlanOf,
        settles: Differ = lambda a, b, name: False,
        exchangeable: Callable[[type], bool] = lambda cls: True,
    ) -> None:
        self._plan_of = plan_of
        self._settles = settles
        self._exchangeable = exchangeable
        # By the id of the one, with both: an id is of one object only while that lives.
        self._paired: dict[int, tuple[Any, Any]] = {}

    def pair(self, a: Any, b: Any) -> None:
        """Let `b`, and no other object, stand for `a`."""
        self._paired[id(a)] = (a, b)

    def alike(self, a: Any, b: Any, depth: int = 0) -> bool:
        """Whether `b` says the same as `a`."""
        if identity(type(a)) in ATOMIC_IDS or same(a, b):
            return same(a, b)
        if id(a) in self._paired:
            return self._paired[id(a)][1] is b
        by_value = type(a) is tuple or type(a) is types.FunctionType
        return (by_value or self._exchangeable(type(a))) and self.alike_inside(a, b, depth)

    def alike_inside(self, a: Any, b: Any, depth: int = 0) -> bool:
        """Whether `b` holds the same as `a`."""
        kind = type(a)
        if kind is not type(b) or depth > _MAX_DEPTH:
            return False
        if id(kind) in _COMPARABLE_IDS:
            return bool(a == b)
        self.pair(a, b)
        if kind is types.FunctionType:
            return a.__code__ is b.__code__ and self._all_alike(_parts(a), _parts(b), depth)
        if kind is tuple:
            return self._all_alike(a, b, depth)
        plan = self._plan_of(kind)
        values = [value_of for base, value_of in _VALUES if issubclass(kind, base)][:1]
        if plan.opaque or not (plan.cell_kinds or values):
            return False
        return all(self._all_alike([of(a)], [of(b)], depth) for of in values) and all(
            self._cells_alike(cell_kind, a, b, depth) for cell_kind in plan.cell_kinds
        )

    def _all_alike(self, ones: Iterable[Any], others: Iterable[Any], depth: int) -> bool:
        ones, others = list(ones), list(others)
        pairs = zip(ones, others, strict=False)
        return len(ones) == len(others) and all(self.alike(a, b, depth + 1) for a, b in pairs)

    def _cells_alike(self, kind: Kind, a: Any, b: Any, depth: int) -> bool:
        one, other = kind.contents(a), kind.contents(b)
        if kind.shape is BAG:
            return {hash_free_key(value) for _, value in one} == {hash_free_key(value) for _, value in other}
        if kind is not INSTANCE and kind is not SLOTS:
            flat_one, flat_other = ([part for entry in entries for part in entry] for entries in (one, other))
            return self._all_alike(flat_one, flat_other, depth)
        ones, others = by_name(one), by_name(other)
        return all(
            (key in ones and key in others and self.alike(ones[key][1], others[key][1], depth + 1))
            or (type(key) is str and self._settles(a, b, key))
            for key in {**ones, **others}
        )


def _parts(function: types.FunctionType) -> list[Any]:
    return [
        function.__defaults__,
        function.__kwdefaults__,
        *(cell.cell_contents for cell in function.__closure__ or ()),
    ]
