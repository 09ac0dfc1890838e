"""What lines of plugin code may change although no attribute access on an element shows it.

Classes, modules and the process cannot be hooked as plugins can. So the code of plugin modules is searched, once, for
the lines that name a container of theirs, store into a class or module, or use what can reach anything.
"""

from __future__ import annotations

import builtins
import dis
import gc
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from enforcer.blame.code import UNKNOWN_OBJECT, Named, classes_of, functions_of, line_of, named, nested_code
from enforcer.blame.place import Place
from enforcer.graph.unit import Unit
from enforcer.graph.values import class_dict, is_class, is_one_of, module_of

_BY_NAME = (builtins.setattr, builtins.delattr, builtins.vars, builtins.globals, type.__setattr__)
_PAST_HOOKS = (gc, object.__getattribute__, object.__setattr__, object.__delattr__)
_LEADS_ON = (types.ModuleType, types.FunctionType, classmethod, staticmethod, property)
_KEPT = ("STORE_FAST", "STORE_DEREF", "STORE_ATTR", "DELETE_ATTR", "DUP_TOP", "COPY")
_STORING = ("STORE_SUBSCR", "STORE_ATTR", "STORE_SLICE", "STORE_GLOBAL", "STORE_DEREF", "DELETE_")
_ASKING = ("LOAD_ATTR", "LOAD_METHOD")
_IN_NO_JOB = ("configure", "configure_dependencies", "preflight")
_HELD = ("STORE_GLOBAL", "DELETE_GLOBAL")


_PLAIN = (dict, list, set)
_NOTHING: Mapping[tuple[int, int], Reached] = {}


class Reached(NamedTuple):
    """What a line may change.

    Attributes:
        unit: whose state it is.
        only: the container of it that the line names; None where it may be any.
    """

    unit: Unit
    only: Any = None


class Reach:
    """For each line of some modules, the shared units that it may change.

    Args:
        modules: the modules whose lines are searched.
        unit_of: the shared unit that an object is a root of or a container in.
        doors: functions that change a unit when they are called, each with that unit.
        anything: the shared units of plugins, which code may change that looks attributes up by name.
        everything: the units that code may change which goes past attribute access.
        beside: other modules, with classes that a line of these may change.
    """

    def __init__(
        self,
        modules: list[types.ModuleType],
        unit_of: Callable[[object], Unit | None],
        doors: Iterable[tuple[object, Unit]],
        anything: Callable[[], Iterable[Unit]],
        everything: Callable[[], Iterable[Unit]],
        beside: Iterable[types.ModuleType] = (),
    ) -> None:
        self._unit_of = unit_of
        self._doors = {id(door): (door, unit) for door, unit in doors}
        self._anything = anything
        self._everything = everything
        self._spaces = {id(vars(module)): module for module in modules}
        self._codes: dict[int, types.CodeType] = {}
        # By line, and there by ids: what a container holds must not be hashed.
        self._lines: dict[int, dict[int, dict[tuple[int, int], Reached]]] = {}
        self._reaching: set[str] = set()
        self._answers: dict[tuple[str, ...], bool] = {}
        self._in_classes = self._containers_of_classes([*modules, *beside])
        for function, cls in functions_of(modules):
            for code in nested_code(function.__code__):
                self._add(code, function, cls)
        self._beside = {module.__name__: _imports(module, modules) for module in modules}

    def _add(self, code: types.CodeType, function: types.FunctionType, cls: type | None) -> None:
        self._codes[id(code)] = code
        # A nested function is met inside of its maker, and again as what that has made, with its free variables.
        lines = self._lines.get(id(code), {})
        for line, reached in self._reached(code, function, cls):
            lines.setdefault(line, {})[id(reached.unit), id(reached.only)] = reached
        if lines:
            self._lines[id(code)] = lines
            if function.__name__ not in _IN_NO_JOB:
                self._reaching.add(function.__module__)

    def _containers_of_classes(self, modules: list[types.ModuleType]) -> dict[str, list[Reached]]:
        """The containers that classes hold, by name: whose attribute a name is cannot be told."""
        found: dict[str, list[Reached]] = {}
        for cls in (cls for module in modules for cls in classes_of(module)):
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

    def fit(self, place: Place | None, name: object) -> tuple[int, bool]:
        """How well the line at `place` fits a write to entry `name`: whether it stores or only calls, and names it."""
        if place is None:
            return 0, False
        here = [code for code in self.codes() if code.co_filename == place.file]
        steps = [step for code in here for step in _instructions_at(code, place.line)]
        stores = any(step.opname.startswith(_STORING) for step in steps)
        calls = any(step.opname.startswith("CALL") for step in steps)
        names = any(type(step.argval) is type(name) and step.argval == name for step in steps)
        return 2 if stores else int(calls), names

    def _reached(
        self, code: types.CodeType, function: types.FunctionType, cls: type | None
    ) -> Iterator[tuple[int, Reached]]:
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        steps = list(named(code, function, cls))
        by_name = any(any(step.value is way for way in _BY_NAME) for step in steps)
        for step, then in zip(steps, [*steps[1:], None], strict=True):
            for reached in self._reached_at(step, then, function, cells, by_name):
                yield step.line, reached

    def _reached_at(
        self,
        step: Named,
        then: Named | None,
        function: types.FunctionType,
        cells: dict[str, types.CellType],
        by_name: bool,
    ) -> Iterator[Reached]:
        operation, value = step.instruction.opname, step.value
        if operation in _HELD:
            yield from self._known(self._spaces.get(id(function.__globals__)))
        elif operation == "STORE_DEREF":
            yield from self._known(cells.get(step.instruction.argval))
        elif value is type or _asks_class(step):
            yield from map(Reached, self._classes())
        elif value is UNKNOWN_OBJECT and operation.startswith(_ASKING):
            yield from self._in_classes.get(step.instruction.argval, ())
        elif value is UNKNOWN_OBJECT:
            return
        elif id(value) in self._doors:
            yield Reached(self._doors[id(value)][1])
        elif any(value is way for way in _PAST_HOOKS):
            yield from map(Reached, self._everything())
        elif value is sys.modules or any(value is way for way in _BY_NAME):
            yield from map(Reached, self._anything())
        elif not _only_leads_on(value) or by_name or _is_kept(step, then):
            yield from self._known(value)

    def _classes(self) -> Iterator[Unit]:
        return (unit for unit in self._anything() if unit.kind == "class")

    def _known(self, value: object) -> Iterator[Reached]:
        unit = self._unit_of(value)
        if unit is not None and unit.shared:
            yield Reached(unit, value if is_one_of(type(value), _PLAIN) else None)


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
    return then is not None and then.instruction.opname.startswith(_KEPT)


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


def _instructions_at(code: types.CodeType, line: int) -> Iterator[dis.Instruction]:
    here = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        here = line_of(instruction) or here
        if here == line:
            yield instruction
