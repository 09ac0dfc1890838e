"""List the cells of a unit: everything mutable that can be reached from its roots and is nobody else's."""

from __future__ import annotations

import ctypes
import datetime
import functools
import gc
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any, NamedTuple

from enforcer.graph import function_caches, kinds
from enforcer.graph.abstract import has_registry, registry_probe
from enforcer.graph.kinds import HEAP_TYPE, Kind, Probe, slots_of
from enforcer.graph.native.table import native_of
from enforcer.graph.native.used import is_closed, layers_of
from enforcer.graph.policy import Policy
from enforcer.graph.some_entries import Current
from enforcer.graph.unit import Alias, Cell, Holder, Opaque, Unit, first_step
from enforcer.graph.values import (
    ATOMIC_IDS,
    BUILTIN_METHODS,
    LEAF_TYPES,
    Inside,
    class_dict,
    class_flags,
    class_mro,
    has_attributes,
    identity,
    is_compiled,
    is_made_by_c,
)


class Child(NamedTuple):
    """An object below one that is no cell itself, or beside its entries.

    `suffix` continues the path; `name` is that of a cell's own entry, where the way goes through one.
    """

    obj: Any
    suffix: str = ""
    name: Any = None


Step = tuple[Any, Cell | None, Any, str]
"""An object to look at, the entry of the cell that led to it (cell and name), and the rest of the way from there."""


class Plan(NamedTuple):
    """What to do with the objects of one type.

    `cell_kinds` are the cells that such an object is; `children` lists what else it leads to; `judged` asks the policy
    per object whose it is and whether to go on; `opaque` counts it as not seen into; `as_root` only: no walk enters it,
    but for an `is_class` that is state; `weak` refers to something without holding it.
    """

    cell_kinds: tuple[Kind, ...] = ()
    children: Callable[[Any], Iterable[Child]] | None = None
    judged: bool = False
    opaque: bool = False
    probe: Callable[[Any], Probe] | None = None
    as_root: bool = False
    is_class: bool = False
    weak: bool = False


EMPTY_PLAN = Plan()
_CONTAINERS: tuple[tuple[type, Kind], ...] = (
    (OrderedDict, kinds.ORDERED_DICT),
    (dict, kinds.DICT),
    (list, kinds.LIST),
    (set, kinds.SET),
    (deque, kinds.DEQUE),
)


# Who may take a container: a shared unit before an element's framework attribute, that before any other; of these
# whoever is known to have had it first before those who merely hold it.
_SHARED, _CORE, _OTHER, _HELD = range(4)


class Registry:
    """Who owns which container, over all units of one graph."""

    def __init__(self, policy: Policy) -> None:
        kinds.forget_classes()
        self.policy = policy
        self.owner: dict[int, Unit] = {}
        # Of what elements own, that to which another one can have a better claim.
        self._weakly: set[int] = set()
        self.roots: dict[int, Unit] = {}
        self.holders: dict[int, set[Unit]] = {}
        self.outranked: set[Unit] = set()
        # What shared units hold that they do not enter, by id.
        self.passed: dict[int, Holder] = {}
        # What several elements hold through attributes of their own, since the last look at it.
        self._contested: dict[int, Any] = {}
        # Whose that is, as it was decided; with the object, whose id is the key.
        self._decided: dict[int, tuple[Any, Unit]] = {}
        self.met: dict[int, Any] = {}
        self._meeting = True
        # By the class's id: hashing a class runs its metaclass's `__hash__`.
        self._plans: dict[int, tuple[type, Plan]] = {}
        # Classes that are nobody's state, by their ids.
        self._stateless: dict[int, type] = {}
        # Units of classes that walks have met; None while there are to be no new ones.
        self._met_units: list[Unit] | None = None
        # Types of objects that are passed by when an entry of a cell leads there, by their identities.
        self.leads_nowhere: set[int] = set()

    def plan(self, cls: type) -> Plan:
        """How objects of `cls` are walked."""
        known = self._plans.get(id(cls))
        if known is None:
            known = self._plans[id(cls)] = (cls, _plan(cls, self.policy))
            if known[1] is EMPTY_PLAN or (known[1].as_root and not known[1].is_class):
                self.leads_nowhere.add(identity(cls))
        return known[1]

    def names_passed_by(self, kind: Kind, obj: Any) -> tuple[str, ...]:
        """The entries of such a cell, which is no root, below which no walk goes."""
        if kind is not kinds.FUNCTION:
            return ()
        module = obj.__module__
        # Of others it is seen that they are replaced: BuildStream alone has over a thousand functions.
        return () if type(module) is str and self.policy.is_plugin(module) else kinds.ANNOTATIONS

    def is_state(self, cls: type) -> bool:
        """Whether the attributes of `cls` are state of whoever holds it."""
        if id(cls) in self._stateless:
            return False
        state = not is_compiled(cls) and self.policy.is_state(cls)
        if not state:
            self._stateless[id(cls)] = cls
        return state

    def root_of_class(self, cls: type, holder: Unit) -> Unit | None:
        """The unit that `cls`, which a walk over `holder` has met, becomes a root of."""
        if self._met_units is None or not holder.shared or not self.is_state(cls):
            return None
        unit = self.policy.unit_of_class(cls, holder)
        if unit is not None and unit is not holder:
            if unit.roots and unit.roots[0][0] is cls:
                self._met_units.append(unit)
            else:
                unit.roots.append((cls, ""))
            self.roots[id(cls)] = unit
        return unit

    @contextmanager
    def meeting_classes(self) -> Iterator[Callable[[], list[Unit]]]:
        """In the time of the block, classes that shared units lead to get units of their own.

        Gives what takes those that are new.
        """
        self._met_units = met = list[Unit]()

        def take() -> list[Unit]:
            new = met.copy()
            met.clear()
            return new

        try:
            yield take
        finally:
            self._met_units = None

    def meet(self, key: int, obj: object) -> None:
        """Remember that a walk came by `obj`, whose id is `key`."""
        if self._meeting:
            self.met[key] = obj

    def seal(self) -> dict[int, Any]:
        """Every object that the walks have met until now, by address; what they meet later is not added."""
        self._meeting = False
        return self.met

    def claim(self, key: int, unit: Unit, rank: int) -> None:
        """Let `unit` own the object with this id."""
        self.owner[key] = unit
        if rank >= _OTHER:
            self._weakly.add(key)

    def rank(self, key: int) -> int:
        """The rank with which the object with this id is owned."""
        if self.owner[key].shared:
            return _SHARED
        return _OTHER if key in self._weakly else _CORE

    def contest(self, key: int, obj: object) -> None:
        """Remember that another element than its owner holds the object with this id, with no better claim."""
        self._contested[key] = obj

    def take_contested(self) -> dict[int, Any]:
        """What several elements were found to hold since the last call, by id."""
        found, self._contested = self._contested, {}
        return found

    def decide(self, key: int, obj: object, unit: Unit) -> None:
        """Let `unit` take the object with this id before any other that holds it."""
        self._decided[key] = (obj, unit)

    def is_for_another(self, key: int, unit: Unit) -> bool:
        """Whether it was decided that the object with this id is not for `unit` to take."""
        return key in self._decided and self._decided[key][1] is not unit

    def forget(self, unit: Unit) -> None:
        """Drop what `unit` owns and holds, before it is walked anew."""
        for cell in unit.cells:
            key = id(cell.subject)
            if self.owner.get(key) is unit:
                del self.owner[key]
                self._weakly.discard(key)
        for alias in unit.aliases:
            units = self.holders.get(id(alias.obj), set())
            units.discard(unit)
            if not units:
                self.holders.pop(id(alias.obj), None)
        unit.aliases = []
        unit.opaque = []

    def holders_of_orphans(self, objects: Iterable[Any]) -> set[Unit]:
        """The units that still hold one of `objects` although no unit owns it."""
        orphans = (id(obj) for obj in objects if id(obj) not in self.owner)
        return {unit for key in orphans for unit in self.holders.get(key, ())}

    def take_outranked(self) -> set[Unit]:
        """The units that own what a walk since the last call found a better owner for."""
        units, self.outranked = self.outranked, set()
        return units


class Walk:
    """One walk over one unit, in three steps that are taken by all units together.

    `core` walks only what the framework keeps; `rest` continues with the other attributes; `held` ends with what is for
    another unit to take, where that one has not come by.
    """

    def __init__(self, registry: Registry, unit: Unit) -> None:
        self.registry = registry
        self.policy = registry.policy
        self.unit = unit
        self.cells: list[Cell] = []
        self._queue: deque[Step] = deque()
        self._later: list[Step] = []
        self._for_others: list[Step] = []
        self._references: list[Step] = []
        self._seen: set[int] = set()
        self._rank = _SHARED

    def core(self) -> None:
        """Walk from the roots over the framework's own attributes; the others are kept for `rest`."""
        for cell in self.unit.fixed:
            # Behind an interface, but no other unit's where a walk comes to it.
            behind = cell.obj.first if type(cell.obj) is Current else cell.subject
            if behind is not None:
                self.registry.claim(id(behind), self.unit, _SHARED)
        for root, label in self.unit.roots:
            self._queue.append((root, None, label, ""))
        self._run(_SHARED if self.unit.shared else _CORE)

    def rest(self) -> None:
        """Walk the attributes that `core` left."""
        self._queue.extend(self._later)
        self._later = []
        self._run(_SHARED if self.unit.shared else _OTHER)

    def held(self) -> None:
        """Walk what `rest` left for others, and give the unit its cells."""
        self._walk_held()
        self.unit.fill([*self.unit.fixed, *self.cells])

    def _walk_held(self) -> None:
        self._queue.extend(self._for_others)
        self._for_others = []
        self._run(_HELD)
        for ref, parent, name, via in self._references:
            self._note_reference(_referent(ref), parent, name, via)
        self._references = []

    def add(self, cell: Cell, name: Any, value: Any) -> None:
        """Walk also from a new entry of one of the unit's cells, with the rank that its place has."""
        if type(name) is str and name in self._skipped_names(cell):
            return
        if cell.kind is function_caches.FUNCTION_CACHE and self._is_keyed_by_another(name):
            return
        queue = self._queue if self._is_core(cell, name) else self._later
        # A name can be an object, too, and lead on.
        queue.extend(((name, cell, name, ""), (value, cell, name, "")))

    def _skipped_names(self, cell: Cell) -> Iterable[str]:
        """The entries of a cell below which the walk does not go."""
        if cell.parent is None:
            return self.policy.skipped_names(cell.obj)
        return self.registry.names_passed_by(cell.kind, cell.obj)

    def _is_keyed_by_another(self, key: Any) -> bool:
        """Whether a function was called with another unit's root, as a method with its `self`: the result is its."""
        parts = key if type(key) is tuple else (key,)
        units = (self.registry.roots.get(id(part)) for part in parts)
        return any(unit is not None and unit is not self.unit for unit in units)

    def _is_core(self, cell: Cell, name: Any) -> bool:
        """Whether the way to an entry begins with an attribute that the framework keeps."""
        root, name = first_step(cell, name)
        return type(name) is str and self.policy.belongs_to_core(root.obj, name)

    def extend(self, changed: Iterable[Kind]) -> None:
        """Walk from what was added, and give the unit the cells that are new; `changed` kinds of cells led there."""
        self._run(_SHARED if self.unit.shared else _CORE)
        self.rest()
        self._walk_held()
        self.unit.extend(self.cells, changed)

    def _run(self, rank: int) -> None:
        self._rank = rank
        queue = self._queue
        while queue:
            step = queue.popleft()
            if identity(type(step[0])) not in ATOMIC_IDS:
                self._visit(step)

    def _visit(self, step: Step) -> None:
        obj, parent, _, _ = step
        key = id(obj)
        registry = self.registry
        registry.meet(key, obj)
        plan = registry.plan(type(obj))
        if plan is EMPTY_PLAN or self._is_foreign_root(key, obj, plan):
            return
        if plan.as_root and parent is not None and not (plan.is_class and registry.is_state(obj)):
            return
        if plan.weak:
            self._references += () if self.unit.shared else (step,)
            return
        owner = registry.owner.get(key)
        if owner is not None:
            self._note_alias(owner, key, step)
            return
        if key in self._seen:
            return
        if self._rank == _OTHER and registry.is_for_another(key, self.unit):
            self._for_others.append(step)
            return
        self._seen.add(key)
        entered = not plan.judged or parent is None or self.policy.descends(self.unit, obj)
        if plan.opaque or not entered:
            self._note_opaque(step)
        if entered:
            self._take(key, step, plan)
        else:
            self._pass_by(key, step)

    def _pass_by(self, key: int, step: Step) -> None:
        obj, parent, name, via = step
        if self.unit.shared and parent is not None and type(obj) is not types.FunctionType:
            self.registry.passed[key] = Holder(self.unit, Alias(obj, parent, name, via))

    def _note_opaque(self, step: Step) -> None:
        self.unit.opaque.append(Opaque(Cell(kinds.NATIVE, *step), self._rank == _CORE))

    def _is_foreign_root(self, key: int, obj: Any, plan: Plan) -> bool:
        root_of = self.registry.roots.get(key)
        if root_of is None and plan.is_class:
            root_of = self.registry.root_of_class(obj, self.unit)
        elif root_of is None and plan.judged:
            root_of = self.policy.foreign_root(obj)
            if root_of is not None and root_of is not self.unit:
                root_of.roots.append((obj, ""))
                self.registry.roots[key] = root_of
        return root_of is not None and root_of is not self.unit

    def _note_alias(self, owner: Unit, key: int, step: Step) -> None:
        obj, parent, name, via = step
        if owner is self.unit or parent is None:
            return
        self.unit.aliases.append(Alias(obj, parent, name, via))
        self.registry.holders.setdefault(key, set()).add(self.unit)
        rank = self.registry.rank(key)
        if self._rank < rank:
            self.registry.outranked.add(owner)
        elif rank == _OTHER:
            self.registry.contest(key, obj)

    def _note_reference(self, obj: Any, parent: Cell | None, name: Any, via: str) -> None:
        """An element can reach what is another unit's, which it does not hold."""
        owner = self.registry.owner.get(id(obj))
        if owner is not None and owner is not self.unit and parent is not None:
            self.unit.aliases.append(Alias(obj, parent, name, via))

    def _take(self, key: int, step: Step, plan: Plan) -> None:
        obj, parent, name, via = step
        cell = parent
        if plan.cell_kinds or plan.probe:
            self.registry.claim(key, self.unit, self._rank)
        if plan.probe is not None:
            self.cells.append(Cell(kinds.PROBE, plan.probe(obj), parent, name, via))
        for kind in plan.cell_kinds:
            cell = Cell(kind, obj, parent, name, via)
            self.cells.append(cell)
            self._enqueue_entries(cell)
        for child in plan.children(obj) if plan.children is not None else ():
            if child.name is not None:
                self._queue.append((child.obj, cell, child.name, ""))
            else:
                self._queue.append((child.obj, parent, name, via + child.suffix))

    def _enqueue_entries(self, cell: Cell) -> None:
        skipped = frozenset(self._skipped_names(cell))
        defers = cell.parent is None and self._rank == _CORE and cell.kind in (kinds.INSTANCE, kinds.SLOTS)
        queue, registry = self._queue, self.registry
        for name, value in cell.kind.contents(cell.obj):
            if cell.kind is function_caches.FUNCTION_CACHE and self._is_keyed_by_another(name):
                continue
            named = type(name) is str
            if not named and identity(type(name)) not in ATOMIC_IDS:
                queue.append((name, cell, name, ""))
            value_type = identity(type(value))
            if value_type in ATOMIC_IDS or (named and name in skipped):
                continue
            if cell.kind is kinds.NATIVE and value_type in _TUPLE_IDS:
                # Made for this look: it is told from no other by its address.
                queue.extend((child.obj, cell, name, child.suffix) for child in _items_of(value))
                continue
            if value_type in registry.leads_nowhere:
                registry.meet(id(value), value)
            elif defers and not (named and self.policy.belongs_to_core(cell.obj, name)):
                self._later.append((value, cell, name, ""))
            else:
                queue.append((value, cell, name, ""))


_TUPLE_IDS = frozenset({identity(tuple), identity(Inside)})


_CLASS = Plan((kinds.CLASS, kinds.CLASS_FIELDS, kinds.TYPE), as_root=True, is_class=True)


def _plan(cls: type, policy: Policy) -> Plan:
    # `isinstance` would ask the object for its `__class__`.
    if issubclass(cls, type):
        return _CLASS._replace(probe=registry_probe) if has_registry(cls) else _CLASS
    plan = _plan_of_other(cls, policy)
    return plan._replace(as_root=True) if plan is not EMPTY_PLAN and issubclass(cls, types.ModuleType) else plan


def _plan_of_other(cls: type, policy: Policy) -> Plan:
    if cls is Inside:
        return _KNOWN_PLANS[id(cls)]
    if is_closed(cls):
        return Plan(judged=True, opaque=True)
    if id(cls) in _LEAF_IDS or policy.is_leaf(cls) or policy.is_border(cls):
        return EMPTY_PLAN
    make_probe = policy.probe(cls)
    if make_probe is not None:
        return Plan(probe=make_probe, children=_default_of if cls is ContextVar else None)
    if id(cls) in _KNOWN_PLANS:
        return _KNOWN_PLANS[id(cls)]
    wrapped = policy.wrapped(cls)
    if wrapped is not None:
        return Plan((kinds.WRAPPED_DICT if wrapped is dict else kinds.WRAPPED_LIST,))
    return _plan_of_instance(cls)


def _plan_of_instance(cls: type) -> Plan:
    cell_kinds: list[Kind] = [kind for base, kind in _CONTAINERS if issubclass(cls, base)][:1]
    has_dict = has_attributes(cls)
    readable = has_dict and _reads_dict_in_c(cls)
    if readable:
        cell_kinds.append(kinds.INSTANCE)
    if slots_of(cls):
        cell_kinds.append(kinds.SLOTS)
    is_native = native_of(cls) is not None
    if is_native:
        cell_kinds.insert(0, kinds.NATIVE)
    if cell_kinds and class_flags(cls) & HEAP_TYPE:
        cell_kinds.append(kinds.TYPE)
    children = next((children for base, children in _IMMUTABLE if issubclass(cls, base)), None) or _layers(cls)
    probe = _bytearray_probe if issubclass(cls, bytearray) else None
    opaque = has_dict != readable or (not is_native and any(map(_hides_state, class_mro(cls))))
    return Plan(tuple(cell_kinds), children, judged=True, opaque=opaque, probe=probe)


# Types whose objects have no state beside what a cell of theirs shows.
_TRANSPARENT_IDS = frozenset(
    map(
        id,
        (
            *(object, dict, list, set, deque, OrderedDict, defaultdict, tuple, frozenset, bytearray),
            *(str, int, float, complex, bytes, bool, types.SimpleNamespace, weakref.ref, datetime.tzinfo),
        ),
    )
)


def _layers(cls: type) -> Callable[[Any], Iterable[Child]] | None:
    read = layers_of(cls)
    return None if read is None else lambda obj: [Child(layer, suffix) for layer, suffix in read(obj)]


def _hides_state(cls: type) -> bool:
    """Whether `cls` gives its objects state that only C code sees."""
    return id(cls) not in _TRANSPARENT_IDS and is_made_by_c(cls)


def _reads_dict_in_c(cls: type) -> bool:
    """Whether asking an object of `cls` for its `__dict__` runs no property that somebody wrote."""
    for base in class_mro(cls):
        if "__dict__" in class_dict(base):
            found = type(class_dict(base)["__dict__"])
            return found is types.GetSetDescriptorType or found is types.MemberDescriptorType
    return False


def _tuple_items(value: Any) -> Iterable[Child]:
    return (Child(item, f"[{index}]") for index, item in enumerate(tuple.__iter__(value)))


def _inside(value: Any) -> Iterable[Child]:
    return map(Child, value)


def _items_of(value: Any) -> Iterable[Child]:
    return _inside(value) if type(value) is Inside else _tuple_items(value)


def _frozenset_items(value: Any) -> Iterable[Child]:
    return (Child(item, "{…}") for item in frozenset.__iter__(value))


_IMMUTABLE = ((tuple, _tuple_items), (frozenset, _frozenset_items))


def _parts(*names: str) -> Callable[[Any], Iterable[Child]]:
    return lambda obj: [Child(getattr(obj, name), f".{name}") for name in names]


def _closure(function: types.FunctionType) -> Iterable[Child]:
    variables = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    return (Child(cell, name=variable) for variable, cell in variables)


def _bytearray_probe(obj: Any) -> Probe:
    def write(value: bytes) -> None:
        bytearray.__setitem__(obj, slice(None), value)

    return Probe("", lambda: b"".join((obj,)), write, obj)


_MAPPINGS: tuple[dict[str, Any], ...] = ({}, OrderedDict())
_VIEWS = tuple(type(view) for each in _MAPPINGS for view in (each.keys(), each.values(), each.items()))

_REFERENCES: tuple[type, ...] = (weakref.ref, weakref.KeyedRef, weakref.WeakMethod, *weakref.ProxyTypes)


def _referent(reference: Any) -> Any:
    # A proxy gives nothing of itself away: all that it is asked, what it stands for is asked.
    return ctypes.py_object.from_address(id(reference) + object.__basicsize__).value


_TIMES = (datetime.datetime, datetime.time)


def _time_zone(time: datetime.datetime | datetime.time) -> Iterable[Child]:
    return () if time.tzinfo is None else (Child(time.tzinfo, ".tzinfo"),)


def _default_of(variable: Any) -> Iterable[Child]:
    """What all threads have that have set nothing else."""
    try:
        return (Child(Context().run(variable.get), ".get()"),)
    except LookupError:
        return ()


def _proxied(proxy: Any) -> Iterable[Child]:
    # The mapping behind a proxy is only to be had through gc.
    return map(Child, gc.get_referents(proxy))


_CACHED_FUNCTION = ((function_caches.FUNCTION_CACHE,) if function_caches.SHOWN else ()) + (kinds.INSTANCE,)


_PLANS: tuple[tuple[type, Plan], ...] = (
    (dict, Plan((kinds.DICT,))),
    (list, Plan((kinds.LIST,))),
    (set, Plan((kinds.SET,))),
    (deque, Plan((kinds.DEQUE,))),
    (OrderedDict, Plan((kinds.ORDERED_DICT, kinds.INSTANCE))),
    (defaultdict, Plan((kinds.DICT, kinds.SLOTS))),
    (tuple, Plan(children=_tuple_items)),
    (frozenset, Plan(children=_frozenset_items)),
    (types.ModuleType, Plan((kinds.INSTANCE, kinds.TYPE))),
    (types.FunctionType, Plan((kinds.FUNCTION, kinds.INSTANCE), _closure, judged=True)),
    (types.MethodType, Plan(children=_parts("__self__", "__func__"))),
    *((method, Plan(children=_parts("__self__"))) for method in BUILTIN_METHODS),
    (types.CellType, Plan((kinds.CLOSURE_CELL,))),
    (types.MappingProxyType, Plan(children=_proxied)),
    *((view, Plan(children=_proxied)) for view in _VIEWS),
    *((reference, Plan(weak=True)) for reference in _REFERENCES),
    (functools.partial, Plan((kinds.PARTIAL, kinds.INSTANCE))),
    # Its attribute `__wrapped__` leads on.
    (functools._lru_cache_wrapper, Plan(_CACHED_FUNCTION, judged=True, opaque=not function_caches.SHOWN)),
    (staticmethod, Plan(children=_parts("__func__"))),
    (classmethod, Plan(children=_parts("__func__"))),
    (property, Plan(children=_parts("fget", "fset", "fdel"))),
    (bytearray, Plan(probe=_bytearray_probe)),
    *((kind, Plan(children=_time_zone)) for kind in _TIMES),
    (Inside, Plan(children=_inside)),
)
_KNOWN_PLANS = {id(cls): plan for cls, plan in _PLANS}
_LEAF_IDS = frozenset(map(id, LEAF_TYPES.difference(_TIMES, _REFERENCES)))
