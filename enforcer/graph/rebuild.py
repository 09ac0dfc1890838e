"""Objects of Python classes, taken apart and made again without running code of their class.

What has a pickling protocol of its own (`__reduce__`, `__setstate__`, …) is left to that, and held to
come out as it went in.
"""

from __future__ import annotations

import copyreg
import itertools
import pickle
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from enforcer.graph.entries import CODES, KINDS
from enforcer.graph.kinds import BAG, HEAP_TYPE, NAMED, NATIVE, TYPE, Kind, native_state
from enforcer.graph.native.table import is_iterator_of_itertools
from enforcer.graph.values import (
    ATOMIC_IDS,
    BUILTIN_METHODS,
    LEAF_TYPES,
    VALUE_TYPES,
    Inside,
    class_dict,
    class_flags,
    class_mro,
    identity,
    is_one_of,
)
from enforcer.graph.walk import EMPTY_PLAN, Registry

_BASES: tuple[Any, ...] = (
    *(Counter, OrderedDict, defaultdict, dict, list, set, deque),
    *(types.SimpleNamespace, object),
)
_PROTOCOL = (
    *("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__"),
    *("__getnewargs__", "__getnewargs_ex__"),
)
# Functions too: they are only ever sent as the name of a module and a global there.
_BY_VALUE = (
    types.FunctionType,
    tuple,
    Inside,
    frozenset,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
)
_BY_VALUE_IDS = frozenset(map(identity, _BY_VALUE))
# What the latter remember beside their value is of no use elsewhere.
_LEAF_IDS = frozenset(map(identity, LEAF_TYPES | VALUE_TYPES))


def has_identity(registry: Registry, cls: type) -> bool:
    """Whether an object of `cls` is told from others by which one it is: a cell, or a key that is found by identity."""
    if identity(cls) in _BY_VALUE_IDS:
        return False
    return identity(cls) in _LEAF_IDS or registry.plan(cls) is not EMPTY_PLAN


def reduce(registry: Registry, obj: Any) -> Any:
    """As `pickle.Pickler.reducer_override`, for what cells show completely; else `NotImplemented`."""
    cls = type(obj)
    if cls is types.MethodType:
        # Pickle would ask the object for an attribute of the function's name.
        return bind, (obj.__func__, obj.__self__)
    if is_iterator_of_itertools(cls):
        return _iterator(obj)
    base = _base(cls)
    plan = registry.plan(cls)
    if base is None or plan.opaque or not plan.cell_kinds or NATIVE in plan.cell_kinds:
        return NotImplemented
    made_of = (cls, deque.maxlen.__get__(obj)) if base is deque else (cls,)
    cells = (kind for kind in plan.cell_kinds if kind is not TYPE)
    state = tuple((CODES[kind], tuple(kind.contents(obj))) for kind in cells)
    return make, made_of, state, None, None, fill


def _iterator(obj: Any) -> Any:
    """Python's own way to pickle these warns since 3.12; but for counters nothing else tells where they are."""
    if type(obj) is itertools.count:
        value = native_state(itertools.count).read(obj)[0][1]
        if type(value) is tuple:
            return itertools.count, value
    raise pickle.PicklingError("an iterator stays in its process")


def bind(function: Any, obj: Any) -> types.MethodType:
    """A bound method."""
    return types.MethodType(function, obj)


def make(cls: Any, maxlen: int | None = None) -> Any:
    """An empty object of `cls`."""
    obj = _base(cls).__new__(cls)
    if maxlen is not None:
        deque.__init__(obj, (), maxlen)
    return obj


def fill(obj: Any, state: tuple[tuple[int, Any], ...]) -> None:
    """Put into `obj` what `reduce` found."""
    for code, contents in state:
        KINDS[code].restore(obj, list(contents))


def _base(cls: type) -> Any:
    """The built-in class that makes objects of `cls`; None where more than that class's constructor is needed."""
    for base in class_mro(cls):
        if any(base is known for known in _BASES):
            return base
        own = any(name in class_dict(base) for name in _PROTOCOL) or is_one_of(base, list(copyreg.dispatch_table))
        if own or class_flags(base) & HEAP_TYPE == 0:
            return None
    return None


def runs_no_code(registry: Registry, obj: Any) -> bool:
    """Whether pickling an object that `reduce` does not know, and back, runs nobody's code but Python's."""
    cls = type(obj)
    return issubclass(cls, (type, types.FunctionType)) or identity(cls) in _LEAF_IDS or registry.plan(cls) is EMPTY_PLAN


class Forms:
    """Values without addresses: two are alike if their forms are equal.

    Args:
        numbered: the objects that stand for their place in this list.
    """

    def __init__(self, registry: Registry, numbered: Sequence[Any]) -> None:
        self._registry = registry
        self._numbers = {id(obj): number for number, obj in enumerate(numbered)}

    def of_object(self, obj: Any) -> Any:
        """What an object holds."""
        if issubclass(type(obj), type):
            return id(obj)
        if identity(type(obj)) in _LEAF_IDS:
            return id(type(obj))
        plan = self._registry.plan(type(obj))
        cells = tuple((CODES[kind], self._of_cell(kind, obj)) for kind in plan.cell_kinds if kind is not TYPE)
        below = Counter(self.of(child.obj) for child in plan.children(obj)) if plan.children is not None else None
        return (id(type(obj)), cells, below)

    def _of_cell(self, kind: Kind, obj: Any) -> Any:
        named = kind.shape is NAMED
        entries = [(self.of(name) if named else None, self.of(value)) for name, value in kind.contents(obj)]
        return entries if kind.ordered and kind.shape is not BAG else Counter(entries)

    def of(self, value: Any) -> Any:
        """A value as it stands in a cell."""
        kind = type(value)
        if identity(kind) in ATOMIC_IDS:
            return (id(kind), repr(value))
        number = self._numbers.get(id(value))
        if number is not None:
            return number
        if kind is tuple or kind is Inside or kind is frozenset:
            return (id(kind), self._of_many(Counter if kind is frozenset else tuple, value))
        if kind is types.MethodType:
            return (id(kind), self.of(value.__self__), self.of(value.__func__))
        if is_one_of(kind, BUILTIN_METHODS):
            return (id(kind), self.of(value.__self__), value.__name__)
        if identity(kind) in _LEAF_IDS:
            return id(kind)
        plan = self._registry.plan(kind)
        return ("is", id(value)) if plan.cell_kinds or plan.probe else id(kind)

    def _of_many(self, gather: Callable[[Iterable[Any]], Any], values: Iterable[Any]) -> Any:
        gathered = gather(map(self.of, values))
        return gathered if type(gathered) is tuple else frozenset(gathered.items())
