"""List the cells of a unit: everything mutable that can be reached from its roots and is nobody else's."""

from __future__ import annotations

import functools
import gc
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from enforcer.graph import kinds
from enforcer.graph.kinds import HEAP_TYPE, Kind, Probe, slots_of
from enforcer.graph.policy import Policy
from enforcer.graph.unit import Alias, Cell, Unit
from enforcer.graph.values import ATOMIC, LEAF_TYPES


class Step(NamedTuple):
    """An object to look at, and the entry of the cell that led to it."""

    obj: Any
    parent: Cell | None
    name: Any


class Plan(NamedTuple):
    """What to do with the objects of one type.

    `cell_kinds` are the cells that such an object is; `children` lists what else it leads to;
    `judged` asks the policy per object whether to go on; `opaque` counts it as not seen into.
    """

    cell_kinds: tuple[Kind, ...] = ()
    children: Callable[[Any], Iterable[tuple[Any, Any]]] | None = None
    judged: bool = False
    opaque: bool = False
    probe: Callable[[Any], Probe] | None = None


NOTHING = Plan()
_CONTAINERS: tuple[tuple[type, Kind], ...] = (
    (OrderedDict, kinds.ORDERED_DICT),
    (dict, kinds.DICT),
    (list, kinds.LIST),
    (set, kinds.SET),
    (deque, kinds.DEQUE),
)


class Registry:
    """Who owns which container, over all units of one graph."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.owner: dict[int, Unit] = {}
        self.roots: dict[int, Unit] = {}
        self.holders: dict[int, set[Unit]] = {}
        self._plans: dict[type, Plan] = {}

    def plan(self, cls: type) -> Plan:
        """How objects of `cls` are walked."""
        plan = self._plans.get(cls)
        if plan is None:
            plan = self._plans[cls] = _plan(cls, self.policy)
        return plan

    def forget(self, unit: Unit) -> None:
        """Drop what `unit` owns and holds, before it is walked anew."""
        for cell in unit.cells:
            key = id(_owned_object(cell))
            if self.owner.get(key) is unit:
                del self.owner[key]
        for alias in unit.aliases:
            self.holders.get(id(alias.obj), set()).discard(unit)
        unit.aliases = []
        unit.opaque.clear()

    def holders_of_orphans(self, objects: Iterable[Any]) -> set[Unit]:
        """The units that still hold one of `objects` although no unit owns it."""
        orphans = (id(obj) for obj in objects if id(obj) not in self.owner)
        return {unit for key in orphans for unit in self.holders.get(key, ())}


def _owned_object(cell: Cell) -> Any:
    return cell.obj.subject if type(cell.obj) is Probe else cell.obj


class Walk:
    """One walk over one unit. `core` walks only what the framework keeps; `rest` continues with the others'."""

    def __init__(self, registry: Registry, unit: Unit) -> None:
        self.registry = registry
        self.policy = registry.policy
        self.unit = unit
        self.cells: list[Cell] = list(unit.fixed)
        self._queue: deque[Step] = deque()
        self._later: list[Step] = []
        self._seen: set[int] = set()

    def core(self) -> None:
        """Walk from the roots over the framework's own attributes; the others are kept for `rest`."""
        for root, label in self.unit.roots:
            self._queue.append(Step(root, None, label))
        self._run(defer=True)

    def rest(self) -> None:
        """Walk the attributes that `core` left, and give the unit its cells."""
        self._queue.extend(self._later)
        self._later = []
        self._run(defer=False)
        self.unit.fill(self.cells)

    def _run(self, *, defer: bool) -> None:
        queue = self._queue
        while queue:
            step = queue.popleft()
            if type(step.obj) not in ATOMIC:
                self._visit(step, defer)

    def _visit(self, step: Step, defer: bool) -> None:
        obj, parent, _ = step
        if isinstance(obj, type) or type(obj) is types.ModuleType:
            if parent is not None:
                return
        elif self._is_foreign_root(obj):
            return
        plan = _ROOT_CLASS if isinstance(obj, type) else self.registry.plan(type(obj))
        if plan is NOTHING:
            return
        if plan.cell_kinds or plan.probe:
            owner = self.registry.owner.get(id(obj))
            if owner is not None:
                self._note_alias(owner, step)
                return
        elif id(obj) in self._seen:
            return
        self._seen.add(id(obj))
        if plan.judged and parent is not None and not self.policy.descends(self.unit, obj):
            self.unit.opaque[_type_name(type(obj))] += 1
            return
        if plan.opaque:
            self.unit.opaque[_type_name(type(obj))] += 1
        self._take(step, plan, defer)

    def _is_foreign_root(self, obj: Any) -> bool:
        root_of = self.registry.roots.get(id(obj))
        if root_of is None:
            root_of = self.policy.foreign_root(obj)
            if root_of is not None and root_of is not self.unit:
                root_of.roots.append((obj, ""))
                self.registry.roots[id(obj)] = root_of
        return root_of is not None and root_of is not self.unit

    def _note_alias(self, owner: Unit, step: Step) -> None:
        if owner is not self.unit and step.parent is not None:
            self.unit.aliases.append(Alias(step.obj, step.parent, step.name))
            self.registry.holders.setdefault(id(step.obj), set()).add(self.unit)

    def _take(self, step: Step, plan: Plan, defer: bool) -> None:
        obj, parent, name = step
        if plan.probe is not None:
            self.registry.owner[id(obj)] = self.unit
            self.cells.append(Cell(kinds.PROBE, plan.probe(obj), parent, name))
        cell = parent
        for kind in plan.cell_kinds:
            self.registry.owner[id(obj)] = self.unit
            cell = Cell(kind, obj, parent, name)
            self.cells.append(cell)
            self._enqueue_entries(cell, defer)
        if plan.children is not None:
            for child_name, child in plan.children(obj):
                at = name if child_name is None else child_name
                self._queue.append(Step(child, cell if child_name is not None else parent, at))

    def _enqueue_entries(self, cell: Cell, defer: bool) -> None:
        skipped = self.policy.skipped_names(cell.obj) if cell.parent is None else ()
        defers = defer and cell.kind in (kinds.INSTANCE, kinds.SLOTS) and cell.parent is None
        for name, value in cell.kind.contents(cell.obj):
            if type(name) not in ATOMIC:
                self._queue.append(Step(name, cell, name))
            if type(value) in ATOMIC or (skipped and name in skipped):
                continue
            later = defers and not self.policy.belongs_to_core(cell.obj, name)
            (self._later if later else self._queue).append(Step(value, cell, name))


def _type_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


_ROOT_CLASS = Plan((kinds.CLASS,))


def _plan(cls: type, policy: Policy) -> Plan:
    if cls in LEAF_TYPES or policy.is_leaf(cls) or policy.is_border(cls):
        return NOTHING
    make_probe = policy.probe(cls)
    if make_probe is not None:
        return Plan(probe=make_probe)
    if cls in _KNOWN_PLANS:
        return _KNOWN_PLANS[cls]
    if policy.has_referents(cls):
        return Plan((kinds.REFERENTS,))
    return _plan_of_instance(cls)


def _plan_of_instance(cls: type) -> Plan:
    cell_kinds: list[Kind] = []
    for base, kind in _CONTAINERS:
        if issubclass(cls, base):
            cell_kinds.append(kind)
            break
    has_dict = hasattr(cls, "__dict__") and cls.__dictoffset__ != 0
    if has_dict:
        cell_kinds.append(kinds.INSTANCE)
    if slots_of(cls):
        cell_kinds.append(kinds.SLOTS)
    children = _tuple_items if issubclass(cls, (tuple, frozenset)) else None
    opaque = _has_unknown_base(cls)
    if cls in _EXACT_CONTAINERS or (children and cls.__flags__ & HEAP_TYPE == 0):
        return Plan(tuple(cell_kinds), children)
    return Plan(tuple(cell_kinds), children, judged=True, opaque=opaque)


_EXACT_CONTAINERS = {dict, list, set, deque, OrderedDict}
_TRANSPARENT_BASES = {object, dict, list, set, deque, OrderedDict, tuple, frozenset, str, int, float, bytes, bool}


def _has_unknown_base(cls: type) -> bool:
    """Whether objects of `cls` have state that only C code sees."""
    return any(base not in _TRANSPARENT_BASES and _made_by_c(base) for base in type.__getattribute__(cls, "__mro__"))


def _made_by_c(base: type) -> bool:
    if base.__flags__ & HEAP_TYPE == 0:
        return True
    # A class statement without __slots__ always gives its objects a dictionary.
    return base.__dictoffset__ == 0 and "__slots__" not in vars(base)


def _tuple_items(value: Any) -> Iterable[tuple[Any, Any]]:
    return ((None, item) for item in (tuple.__iter__(value) if isinstance(value, tuple) else frozenset.__iter__(value)))


def _method_parts(method: types.MethodType) -> Iterable[tuple[Any, Any]]:
    return ((None, method.__self__), (None, method.__func__))


def _function_parts(function: types.FunctionType) -> Iterable[tuple[Any, Any]]:
    yield from zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    yield "__defaults__", function.__defaults__
    yield "__kwdefaults__", function.__kwdefaults__


def _partial_parts(partial: functools.partial[Any]) -> Iterable[tuple[Any, Any]]:
    return ((None, partial.func), (None, partial.args), (None, partial.keywords))


def _wrapped(cached: Any) -> Iterable[tuple[Any, Any]]:
    return ((None, cached.__wrapped__),)


def _descriptor_function(descriptor: Any) -> Iterable[tuple[Any, Any]]:
    return ((None, descriptor.__func__),)


def _property_functions(prop: property) -> Iterable[tuple[Any, Any]]:
    return ((None, prop.fget), (None, prop.fset), (None, prop.fdel))


def _bytearray_probe(obj: Any) -> Probe:
    return Probe("", lambda: bytes(obj), lambda value: obj.__setitem__(slice(None), value), obj)


def _proxied(proxy: types.MappingProxyType[Any, Any]) -> Iterable[tuple[Any, Any]]:
    # The mapping behind the proxy is only to be had through gc.
    return ((None, mapping) for mapping in gc.get_referents(proxy))


@functools.lru_cache(maxsize=0)
def _lru_cache_sample() -> None:
    """Only its type is of use: `functools` does not export it."""


_KNOWN_PLANS: dict[type, Plan] = {
    dict: Plan((kinds.DICT,)),
    list: Plan((kinds.LIST,)),
    set: Plan((kinds.SET,)),
    deque: Plan((kinds.DEQUE,)),
    OrderedDict: Plan((kinds.ORDERED_DICT,)),
    tuple: Plan(children=_tuple_items),
    frozenset: Plan(children=_tuple_items),
    types.ModuleType: Plan((kinds.INSTANCE,)),
    types.FunctionType: Plan((kinds.FUNCTION, kinds.INSTANCE), _function_parts, judged=True),
    types.MethodType: Plan(children=_method_parts),
    types.CellType: Plan((kinds.CLOSURE_CELL,)),
    types.MappingProxyType: Plan(children=_proxied),
    functools.partial: Plan((kinds.REFERENTS,), _partial_parts),
    # What the cache holds is out of sight; what the wrapped function refers to is not.
    type(_lru_cache_sample): Plan((kinds.INSTANCE,), _wrapped, judged=True, opaque=True),
    staticmethod: Plan(children=_descriptor_function),
    classmethod: Plan(children=_descriptor_function),
    property: Plan(children=_property_functions),
    bytearray: Plan(probe=_bytearray_probe),
}
