"""What lines of plugin code may change although no attribute access on an element shows it.

Classes, modules and the process cannot be hooked as plugins can. So the code of plugin modules is searched, once, for
the lines that name a container of theirs, store into a class or module, or use what can reach anything.
"""

from __future__ import annotations

import builtins
import dis
import functools
import gc
import importlib
import inspect
import operator
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple
from unittest import mock

from enforcer.blame.code import (
    IN_NO_JOB,
    UNKNOWN_OBJECT,
    Named,
    attribute_of,
    classes_of,
    functions_of,
    line_of,
    named,
    nested_code,
    parts_of,
)
from enforcer.blame.library import doors_in
from enforcer.blame.place import INLINE, Place
from enforcer.blame.watched import is_member
from enforcer.graph.unit import Unit
from enforcer.graph.values import class_dict, class_mro, is_class, is_one_of, module_of

_BY_NAME = (
    *(builtins.setattr, builtins.delattr, builtins.vars, builtins.globals, builtins.exec, builtins.eval),
    *(builtins.__import__, importlib.import_module, importlib.reload, operator.attrgetter, operator.methodcaller),
    *(type.__setattr__, type.__delattr__, mock.patch),
)
_PAST_HOOKS = (
    *(gc, gc.get_objects, gc.get_referrers, gc.get_referents, sys._getframe),
    *(inspect, inspect.getmodule, inspect.currentframe, inspect.stack, inspect.trace, inspect.getmembers),
    *(inspect.getouterframes, inspect.getinnerframes, inspect.getclosurevars, inspect.unwrap),
    *(object.__getattribute__, object.__setattr__, object.__delattr__),
)
# Attributes that lead from any object to what its class, its function or its module keeps.
_INTO_SHARED = (
    *("__globals__", "f_globals", "f_back", "__func__", "__self__", "__closure__", "cell_contents", "__code__"),
    *("__defaults__", "__kwdefaults__", "__annotations__", "__wrapped__"),
)
_TO_CLASSES = ("__bases__", "__base__", "__mro__", "mro", "__subclasses__")
_LEADS_ON = (types.ModuleType, types.FunctionType, classmethod, staticmethod, property)
_KEPT = ("STORE_FAST", "STORE_DEREF", "STORE_ATTR", "DELETE_ATTR", "DUP_TOP", "COPY")
STORES = 2
"""How well a line that stores something fits a write."""
_STORING = ("STORE_SUBSCR", "STORE_ATTR", "STORE_SLICE", "STORE_GLOBAL", "STORE_DEREF", "DELETE_")
_NAMING = ("LOAD_CONST", "KW_NAMES", "LOAD_ATTR", "LOAD_METHOD", "LOAD_GLOBAL", "STORE_ATTR", "STORE_GLOBAL", "DELETE_")
_ASKING = ("LOAD_ATTR", "LOAD_METHOD")
_LOCAL = ("LOAD_FAST", "LOAD_DEREF")
_SETTING = ("STORE_ATTR", "DELETE_ATTR")
_ATTRIBUTE = (*_ASKING, *_SETTING)
_HELD = ("STORE_GLOBAL", "DELETE_GLOBAL")
_MANY = 1000
"""Of what is inside of a value that a line names, no more is looked at."""


_PLAIN = (dict, list, set)
_NOTHING: Mapping[tuple[int, int], Reached] = {}


class Reached(NamedTuple):
    """What a line may change.

    Attributes:
        unit: whose state it is.
        only: the container of it, or the member of an enumeration, that the line names; None where it may be any.
    """

    unit: Unit
    only: Any = None


ANY = ""
"""Stands for all attributes that have no entry of their own."""


class Doors:
    """What shared units outside of the graph's walk are changed by.

    Attributes:
        objects: by id, what changes something where it is named, and what.
        attributes: by the owner's id, the attributes that change something where they are stored to, or `ANY`.
        everywhere: by id, what changes where it is stored into at all.
        methods: by name, methods that change something, of whatever object.
    """

    def __init__(self) -> None:
        self.objects: dict[int, tuple[object, Reached]] = {}
        self.attributes: dict[int, dict[str, Reached]] = {}
        self.everywhere: dict[int, Reached] = {}
        self.methods: dict[str, list[Reached]] = {}


class Reach:
    """For each line of some modules, the shared units that it may change.

    Args:
        modules: the modules whose lines are searched.
        unit_of: the shared unit that an object is a root of or a container in.
        doors: what else changes a shared unit.
        anything: the shared units of plugins, which code may change that looks attributes up by name.
        everything: the units that code may change which goes past attribute access.
        beside: other classes than those of the modules, which a line of these may change.
        unnamed: those of all these that no module has under their name.
        classes: the units of all classes, BuildStream's own too.
        holding: the shared units that hold objects of a class.
    """

    def __init__(
        self,
        modules: list[types.ModuleType],
        unit_of: Callable[[object], Unit | None],
        doors: Doors,
        anything: Callable[[], Iterable[Unit]],
        everything: Callable[[], Iterable[Unit]],
        beside: Iterable[type] = (),
        unnamed: Iterable[type] = (),
        classes: Callable[[], Iterable[Unit]] = tuple,
        holding: Callable[[type], Iterable[Unit]] = lambda cls: (),
    ) -> None:
        self._unit_of = unit_of
        self._doors = doors
        self._anything = anything
        self._everything = everything
        self._all_classes = classes
        self._holding = holding
        self._inside: dict[int, tuple[Any, list[Reached]]] = {}
        self._libraries: dict[int, tuple[Any, list[Reached]]] = {}
        self._spaces = {id(vars(module)): module for module in modules}
        self._codes: dict[int, types.CodeType] = {}
        # By line, and there by ids: what a container holds must not be hashed.
        self._lines: dict[int, dict[int, dict[tuple[int, int], Reached]]] = {}
        self._reaching: set[str] = set()
        self._answers: dict[tuple[str, ...], bool] = {}
        known = [*(cls for module in modules for cls in classes_of(module)), *beside]
        self._in_classes = self._containers_of(known)
        self._with_attribute = self._by_their_attributes(known)
        self._unnamed = [reached for cls in unnamed for reached in self._reached_class(cls)]
        for function, cls in functions_of(modules):
            imported: dict[str, Any] = {}
            for code in nested_code(function.__code__):
                self._add(code, function, cls, imported)
        self._beside = {module.__name__: _imports(module, modules) for module in modules}

    def _add(
        self, code: types.CodeType, function: types.FunctionType, cls: type | None, imported: dict[str, Any]
    ) -> None:
        self._codes[id(code)] = code
        # A nested function is met inside of its maker, and again as what that has made, with its free variables.
        lines = self._lines.get(id(code), {})
        for line, reached in self._reached(code, function, cls, imported):
            lines.setdefault(line, {})[id(reached.unit), id(reached.only)] = reached
        if lines:
            self._lines[id(code)] = lines
            if _runs_in_jobs(code, function, cls):
                self._reaching.add(function.__module__)

    def _by_their_attributes(self, classes: Iterable[type]) -> dict[str, list[Reached]]:
        found: dict[str, list[Reached]] = {}
        for cls in classes:
            for name in class_dict(cls):
                found.setdefault(name, []).extend(self._reached_class(cls))
        return found

    def _reached_class(self, cls: type) -> list[Reached]:
        unit = self._unit_of(cls)
        return [] if unit is None else [Reached(unit)]

    def _containers_of(self, classes: Iterable[type]) -> dict[str, list[Reached]]:
        """The containers that classes hold, by name: whose attribute a name is cannot be told."""
        found: dict[str, list[Reached]] = {}
        for cls in classes:
            for name, value in class_dict(cls).items():
                if not _only_leads_on(value):
                    found.setdefault(name, []).extend(self._known(value))
        return found

    def codes(self) -> Iterable[types.CodeType]:
        """The code of all functions of the modules."""
        return self._codes.values()

    def may_change(self, modules: tuple[str, ...]) -> bool:
        """Whether code of these modules, or of those that they import, may change something shared."""
        if modules not in self._answers:
            self._answers[modules] = any(self._around(module) & self._reaching for module in modules)
        return self._answers[modules]

    def _around(self, module: str) -> set[str]:
        found: set[str] = set()
        todo = [module]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self._beside.get(name, ())
        return found

    def at(self, code: types.CodeType, line: int | None) -> Iterable[Reached]:
        """What the line of `code` may change."""
        lines = self._lines.get(id(code))
        return () if lines is None else lines.get(line or 0, _NOTHING).values()

    def fit(self, place: Place | None, *names: object) -> tuple[int, bool]:
        """How well the line at `place` fits a write: whether it stores or only calls, and has one of the `names`."""
        if place is None:
            return 0, False
        here = [code for code in self.codes() if code.co_filename == place.file]
        steps = [step for code in here for step in _instructions_at(code, place.line)]
        stores = any(step.opname.startswith(_STORING) for step in steps)
        calls = any(step.opname.startswith("CALL") for step in steps)
        naming = chain.from_iterable(_names_in(step.argval) for step in steps if step.opname.startswith(_NAMING))
        fits = any(type(named) is type(name) and named == name for named in naming for name in names)
        return STORES if stores else int(calls), fits

    def _reached(
        self, code: types.CodeType, function: types.FunctionType, cls: type | None, imported: dict[str, Any]
    ) -> Iterator[tuple[int, Reached]]:
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        steps = list(named(code, function, cls, imported))
        by_name = any(any(step.value is way for way in _BY_NAME) for step in steps)
        for index, step in enumerate(steps):
            then = steps[index + 1] if index + 1 < len(steps) else None
            asked = _asked_for(steps[index + 1 :]) if step.value is builtins.getattr else ()
            for reached in chain(
                self._assigned(step, function, cells),
                self._by_attribute(step),
                self._by_door(step, then, by_name),
                self._by_object(step, then, by_name),
                *(self._by_text(*each) for each in asked),
            ):
                yield step.line, reached

    def _assigned(
        self, step: Named, function: types.FunctionType, cells: dict[str, types.CellType]
    ) -> Iterable[Reached]:
        """What an assignment to a name changes."""
        operation = step.instruction.opname
        if operation in _HELD:
            return self._known(self._spaces.get(id(function.__globals__)))
        if operation == "STORE_DEREF":
            return self._known(cells.get(step.instruction.argval))
        return ()

    def _by_attribute(self, step: Named) -> Iterable[Reached]:
        """What an attribute may lead to by its name alone, whosever it is."""
        operation, name = step.instruction.opname, step.instruction.argval
        if not operation.startswith(_ATTRIBUTE):
            return ()
        if name in _INTO_SHARED:
            return map(Reached, self._anything())
        if name in _TO_CLASSES:
            return map(Reached, self._all_classes() if step.value is UNKNOWN_OBJECT else ())
        return self._in_classes.get(name, ()) if step.value is UNKNOWN_OBJECT else ()

    def _by_door(self, step: Named, then: Named | None, by_name: bool) -> Iterator[Reached]:
        """What is no part of the walk, and is changed where something is named, or stored into."""
        operation, value = step.instruction.opname, step.value
        if operation.startswith(_ASKING):
            yield from self._doors.methods.get(step.instruction.argval, ())
        if by_name and operation == "LOAD_CONST":
            value = _named_module(step.instruction.argval)
            then = None
        if value is UNKNOWN_OBJECT:
            return
        door = self._doors.objects.get(id(_called(value)))
        if door is not None:
            yield door[1]
        # A module that is imported will be met again where it is used.
        if not operation.startswith("IMPORT") and (by_name or _is_handed_on(step, then)):
            yield from self._stored_into(value, then)

    def _stored_into(self, value: object, then: Named | None) -> Iterator[Reached]:
        attributes = self._doors.attributes.get(id(value))
        if attributes is not None:
            name = None if then is None else then.instruction.argval
            stored = then is not None and then.instruction.opname in _SETTING
            if stored and type(name) is str and (name in attributes or ANY in attributes):
                yield attributes.get(name) or attributes[ANY]
            elif not stored:
                yield from attributes.values()
        if id(value) in self._doors.everywhere:
            yield self._doors.everywhere[id(value)]

    def _by_object(self, step: Named, then: Named | None, by_name: bool) -> Iterable[Reached]:
        """What the object is, or holds, that a step leads to."""
        value = _cached_function(step.value)
        if value is type or _asks_class(step):
            return map(Reached, self._classes())
        if value is UNKNOWN_OBJECT:
            return self._by_setting(then)
        if is_one_of(value, _PAST_HOOKS) and not _is_asked_for_what_is_known(step, then):
            return map(Reached, self._everything())
        if value is sys.modules or is_one_of(value, _BY_NAME):
            return map(Reached, self._anything())
        if type(value) is functools.partial:
            return (*self._known(value), *self._through(_called(value)))
        if not _only_leads_on(value) or by_name or _is_kept(step, then):
            return self._known(value)
        if is_class(value) and step.instruction.opname.startswith(_LOCAL):
            return map(Reached, self._holding(value))  # it is self, and some object of the class is kept there
        return self._through(value)

    def _through(self, value: Any) -> Iterable[Reached]:
        """What a function or class of a library changes for those who use it."""
        if self._is_searched(value):
            return ()
        if id(value) not in self._libraries:
            doors = doors_in(value, lambda each: id(each) in self._doors.objects or self._is_of_process(each))
            reached = {(each.unit, id(each.only)): each for each in map(self._door_to, doors) if each is not None}
            self._libraries[id(value)] = value, list(reached.values())
        return self._libraries[id(value)][1]

    def _is_searched(self, value: Any) -> bool:
        """Whether it is one of those whose own lines are searched."""
        if type(value) is types.FunctionType:
            return id(value.__globals__) in self._spaces
        return is_class(value) and any(module_of(value) == module.__name__ for module in self._spaces.values())

    def _door_to(self, value: Any) -> Reached | None:
        if id(value) in self._doors.objects:
            return self._doors.objects[id(value)][1]
        unit = self._unit_of(value)
        return None if unit is None else Reached(unit)

    def _is_of_process(self, value: Any) -> bool:
        unit = self._unit_of(value)
        return unit is not None and unit.kind == "process"

    def _by_setting(self, then: Named | None) -> Iterable[Reached]:
        """What may be an attribute of a class, out of a table say, where one of an unknown object is set."""
        if then is None or then.instruction.opname not in _SETTING:
            return ()
        return (*self._with_attribute.get(then.instruction.argval, ()), *self._unnamed)

    def _by_text(self, holder: Any, name: str | None) -> Iterable[Reached]:
        """What `getattr` may lead to: of any object, or by a name that is computed."""
        if name is None:
            return map(Reached, self._anything())
        if holder is UNKNOWN_OBJECT:
            return self._in_classes.get(name, ())
        value = attribute_of(holder, name)
        if id(value) in self._doors.objects:
            return (self._doors.objects[id(value)][1],)
        return (*self._known(value), *self._through(value))

    def _classes(self) -> Iterator[Unit]:
        return (unit for unit in self._anything() if unit.kind == "class")

    def _known(self, value: object) -> list[Reached]:
        """The shared units that a known object is in, or anything that it holds."""
        if id(value) not in self._inside:
            found: dict[Unit, Reached] = {}
            for part in islice(chain((value,), *map(parts_of, (value, *_bound(value)))), _MANY):
                unit = self._unit_of(part)
                if unit is not None and unit.shared and unit not in found:
                    only = part is value and (is_one_of(type(value), _PLAIN) or is_member(value))
                    found[unit] = Reached(unit, value if only else None)
            # With the object, so that nothing else gets its address.
            self._inside[id(value)] = value, list(found.values())
        return self._inside[id(value)][1]


def _runs_in_jobs(code: types.CodeType, function: types.FunctionType, cls: type | None) -> bool:
    """Whether `code`, of a function or of one inside of it, may run in a job; what `configure()` makes may be kept."""
    if function.__name__ not in IN_NO_JOB or (code is not function.__code__ and code.co_name not in INLINE):
        return True
    # A `configure()` of another class, or of none, is a library's.
    return cls is None or not any(module_of(base).startswith("buildstream.") for base in class_mro(cls))


def _called(value: Any) -> Any:
    """What is called where a partial function is."""
    while type(value) is functools.partial:
        value = value.func
    return value


def _named_module(text: Any) -> Any:
    """The module that a text leads into: `mock.patch("shutil.rmtree")`."""
    steps = text.split(".") if type(text) is str else []
    names = (".".join(steps[:count]) for count in range(len(steps), 0, -1))
    return next((sys.modules[name] for name in names if name in sys.modules), UNKNOWN_OBJECT)


def _bound(value: Any) -> tuple[Any, ...]:
    """What a method is bound to, the arguments of a partial function, and the items of a named tuple."""
    kind = type(value)
    if issubclass(kind, tuple):
        return tuple(tuple.__iter__(value))
    if kind is types.MethodType or kind is types.BuiltinFunctionType:
        return (value.__self__,)
    return (*value.args, *value.keywords.values()) if kind is functools.partial else ()


def _asked_for(steps: list[Named]) -> Iterator[tuple[Any, str | None]]:
    """The object that `getattr` is asked for an attribute of, and its name, which is None where it is computed."""
    holder = UNKNOWN_OBJECT
    for step in steps:
        operation, argument = step.instruction.opname, step.instruction.argval
        if operation == "LOAD_CONST" and type(argument) is str:
            yield holder, argument
            return
        if not operation.startswith("LOAD"):
            break
        holder = step.value
    yield holder, None


def _cached_function(value: Any) -> Any:
    """What a class keeps of a function with a cache that is no method."""
    inner = value.__func__ if is_one_of(type(value), (staticmethod, classmethod)) else None
    return inner if type(inner) is functools._lru_cache_wrapper else value


def _only_leads_on(value: object) -> bool:
    """Whether naming `value` alone changes nothing: code asks it for attributes, or calls it."""
    return is_class(value) or is_one_of(type(value), _LEADS_ON)


def _is_kept(step: Named, then: Named | None) -> bool:
    """Whether a class, module or function is more than called, or asked for an attribute."""
    operation = step.instruction.opname
    if operation.startswith(("CALL", "PRECALL")) or _asks_class(step):
        return True  # type(self), self.__class__
    if operation.startswith("LOAD_FAST") and step.instruction.argval != "cls":
        return False  # self stands for its class, but what is stored there is its own
    if type(step.value) is types.FunctionType and then is not None and then.instruction.opname.startswith(_ASKING):
        return True  # what a function keeps
    return then is not None and (then.instruction.opname.startswith(_KEPT) or _asks_metaclass(step, then))


def _asks_metaclass(step: Named, then: Named) -> bool:
    """Whether a class is asked for all of its attributes, or for what no base has: `register` of an abstract one."""
    if not is_class(step.value) or not then.instruction.opname.startswith(_ASKING):
        return False
    name = then.instruction.argval
    return name == "__dict__" or (then.value is UNKNOWN_OBJECT and name not in _TO_CLASSES)


def _is_asked_for_what_is_known(step: Named, then: Named | None) -> bool:
    """Whether a module is only asked for something that counts by itself: `gc.disable`."""
    is_import = step.instruction.opname.startswith("IMPORT")
    asks = then is not None and then.instruction.opname.startswith(_ASKING) and then.value is not UNKNOWN_OBJECT
    return type(step.value) is types.ModuleType and (is_import or asks)


def _is_handed_on(step: Named, then: Named | None) -> bool:
    """Whether a class or module is more than asked for an attribute."""
    if type(step.value) is types.ModuleType and then is not None:
        return not then.instruction.opname.startswith(_ASKING)
    if is_class(step.value) and then is not None and then.instruction.opname.startswith(_ASKING):
        return _is_class_method(step.value, then.instruction.argval)
    return then is not None and then.instruction.opname.startswith(_KEPT)


def _is_class_method(cls: type, name: str) -> bool:
    """Whether it may store on the class that it is called on: `SafeLoader.add_constructor(...)`."""
    member = next((class_dict(base)[name] for base in class_mro(cls) if name in class_dict(base)), None)
    return type(member) is classmethod


def _asks_class(step: Named) -> bool:
    return step.instruction.opname == "LOAD_ATTR" and step.instruction.argval == "__class__"


def _imports(module: types.ModuleType, modules: list[types.ModuleType]) -> set[str]:
    """Those of `modules` that `module` has names of."""
    known = {other.__name__ for other in modules}
    found = set()
    for value in vars(module).values():
        name = vars(value).get("__name__") if type(value) is types.ModuleType else _module_of(value)
        if type(name) is str and name in known:
            found.add(name)
    return found


def _module_of(value: object) -> object:
    # Of classes and functions only: an instance may have a `__getattr__` of its own.
    if is_class(value):
        return module_of(value)  # type: ignore[arg-type]
    return value.__module__ if type(value) is types.FunctionType else None


def _names_in(argument: Any) -> tuple[Any, ...]:
    """What an instruction names: one name, or those of the keywords of a call and of the keys of a table."""
    return argument if type(argument) is tuple else (argument,)


def _instructions_at(code: types.CodeType, line: int) -> Iterator[dis.Instruction]:
    here = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        here = line_of(instruction) or here
        if here == line:
            yield instruction
