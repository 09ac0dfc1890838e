"""Locks that plugin modules and their classes hold, and whether a job used one.

Such a lock excludes the threads of its own process only. Before a run the code of the plugin modules
is searched for functions that name one; where there is none, jobs are not looked at. Where there are
some, what counts is whether such a function ran in the job's thread.
"""

from __future__ import annotations

import dis
import functools
import sys
import threading
import types
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from enforcer.bst import names
from enforcer.bst.mentions import line_of, nested_code
from enforcer.bst.touches import Place
from enforcer.findings import Owner
from enforcer.graph.values import class_dict, class_mro, module_of

_PLAIN_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_LOCKS = (*_PLAIN_LOCKS, threading.Condition, threading.Semaphore)
_FACTORIES = (threading.Lock, threading.RLock, threading.Condition, threading.Semaphore, threading.BoundedSemaphore)
_NOTHING = object()


class Use(NamedTuple):
    """A lock, or a table of locks, by its name in the module or class that holds it, and the line that names it."""

    owner: Owner
    name: str
    place: Place | None


class SharedLocks:
    """Which functions of some modules name a lock that a module or a class of them holds."""

    def __init__(self, modules: list[types.ModuleType]) -> None:
        self._modules = modules
        self._tables: set[tuple[Owner, str]] = set()
        self._search()

    def learn(self, owner: Owner, name: str) -> None:
        """A job has added a lock there: later jobs that find it rely on it as well, so the table counts from now on."""
        if (owner, name) not in self._tables:
            self._tables.add((owner, name))
            self._search()

    def _search(self) -> None:
        self._uses: dict[int, list[Use]] = {}
        self._codes: list[types.CodeType] = []
        holders = _holders(self._modules)
        for function, cls in _functions(self._modules) if holders else ():
            for code in nested_code(function.__code__):
                if uses := list(_uses(code, function, cls, holders)):
                    self._uses.setdefault(id(code), uses)
                    self._codes.append(code)

    @contextmanager
    def watching(self) -> Iterator[list[Use]]:
        """Note in the list what the functions name that the calling thread enters during the block."""
        used: list[Use] = []
        pending = dict(self._uses)

        def enter(code: types.CodeType) -> None:
            used.extend(pending.pop(id(code), ()))

        if not pending:
            yield used
            return
        with _watched_calls(self._codes, enter):
            yield used


def is_plain_lock(value: object) -> bool:
    """Whether `value` is a `threading.Lock` or `RLock`."""
    return issubclass(type(value), _PLAIN_LOCKS)


def _holders(modules: list[types.ModuleType]) -> dict[int, tuple[Owner, str]]:
    """The locks and tables of locks, by identity, with who holds them and their name there."""
    found: dict[int, tuple[Owner, str]] = {}
    for module in modules:
        owner = Owner("module", names.module_name(module.__name__))
        for name, value in vars(module).items():
            if _guards(value):
                found.setdefault(id(value), (owner, name))
    for module in modules:
        for cls in _classes(module):
            owner = Owner("class", names.class_name(cls))
            for name, value in class_dict(cls).items():
                if _guards(value):
                    found.setdefault(id(value), (owner, name))
    return found


def _guards(value: Any) -> bool:
    """Whether `value` is a lock, or a container that holds or makes locks."""
    kind = type(value)
    if kind in (dict, OrderedDict, defaultdict):
        makes_locks = kind is defaultdict and value.default_factory in _FACTORIES
        return makes_locks or any(issubclass(type(item), _LOCKS) for item in value.values())
    if kind in (list, tuple):
        return any(issubclass(type(item), _LOCKS) for item in value)
    return issubclass(kind, _LOCKS)


def _classes(module: types.ModuleType) -> list[type]:
    return [cls for cls in vars(module).values() if _is_class(cls) and module_of(cls) == module.__name__]


def _is_class(value: Any) -> bool:
    # Not isinstance: it asks `__class__`, which may be a plugin's property.
    return issubclass(type(value), type)


def _functions(modules: list[types.ModuleType]) -> Iterator[tuple[types.FunctionType, type | None]]:
    """Every function of the modules, and the class whose method it is; decorated ones too."""
    spaces = {id(vars(module)) for module in modules}
    for module in modules:
        members = [(value, None) for value in vars(module).values()]
        members += [(value, cls) for cls in _classes(module) for value in class_dict(cls).values()]  # type: ignore[misc]
        for member, cls in members:
            yield from ((function, cls) for function in _inside(member) if id(function.__globals__) in spaces)


def _inside(member: Any) -> Iterator[types.FunctionType]:
    """The functions that a member of a module or class is made of."""
    seen: set[int] = set()
    todo = [member]
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is types.FunctionType:
            yield value
            todo += [value.__dict__.get("__wrapped__"), *_cells(value).values()]
        elif type(value) in (staticmethod, classmethod, types.MethodType):
            todo.append(value.__func__)
        elif type(value) is property:
            todo += [value.fget, value.fset, value.fdel]
        elif type(value) in (functools.partial, functools.cached_property):
            todo.append(value.func)
        elif type(value) is functools._lru_cache_wrapper:
            todo.append(value.__wrapped__)


def _cells(function: types.FunctionType) -> dict[str, Any]:
    """What the free variables of a function hold."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def _uses(
    code: types.CodeType, function: types.FunctionType, cls: type | None, holders: dict[int, tuple[Owner, str]]
) -> Iterator[Use]:
    """What `code`, in a function of class `cls`, names of `holders`: `LOCK`, `module.LOCK`, `self.LOCK`, `Cls.LOCK`."""
    local = _cells(function)
    if cls is not None and function.__code__.co_argcount:
        local[function.__code__.co_varnames[0]] = cls  # for attributes, self is as good as its class
    line, found = code.co_firstlineno, _NOTHING
    for instruction in dis.get_instructions(code):
        line = line_of(instruction) or line
        found = _loaded(instruction, found, function.__globals__, local)
        if id(found) in holders:
            yield Use(*holders[id(found)], Place(code.co_filename, line, code.co_name))


def _loaded(instruction: dis.Instruction, before: Any, shared: dict[str, Any], local: dict[str, Any]) -> Any:
    """The object on top of the stack after `instruction`, if it was `before` until then; `_NOTHING` if not known."""
    operation, name = instruction.opname, instruction.argval
    if operation == "LOAD_GLOBAL":
        return shared.get(name, _NOTHING)
    if operation.startswith(("LOAD_FAST", "LOAD_DEREF")):  # some load two names at once
        return local.get(name[-1] if type(name) is tuple else name, _NOTHING)
    if operation in ("LOAD_ATTR", "LOAD_METHOD"):
        return _attribute(before, name)
    # type(self).LOCK
    return before if _is_class(before) and operation.startswith(("CALL", "PRECALL")) else _NOTHING


def _attribute(holder: Any, name: str) -> Any:
    if type(holder) is types.ModuleType:
        return vars(holder).get(name, _NOTHING)
    if not _is_class(holder):
        return _NOTHING
    if name == "__class__":
        return holder
    return next((class_dict(cls)[name] for cls in class_mro(holder) if name in class_dict(cls)), _NOTHING)


if sys.version_info >= (3, 12):

    @contextmanager
    def _watched_calls(codes: list[types.CodeType], enter: Callable[[types.CodeType], None]) -> Iterator[None]:
        """Call `enter` when the calling thread starts to run one of `codes`; other code runs at full speed."""
        monitoring, thread = sys.monitoring, threading.get_ident()
        tool = next((number for number in range(6) if monitoring.get_tool(number) is None), None)
        if tool is None:
            with _profiled_calls(enter):
                yield
            return

        def start(code: types.CodeType, offset: int) -> None:
            if threading.get_ident() == thread:
                enter(code)

        monitoring.use_tool_id(tool, "enforcer")
        try:
            monitoring.register_callback(tool, monitoring.events.PY_START, start)
            for code in codes:
                monitoring.set_local_events(tool, code, monitoring.events.PY_START)
            yield
        finally:
            for code in codes:
                monitoring.set_local_events(tool, code, monitoring.events.NO_EVENTS)
            monitoring.register_callback(tool, monitoring.events.PY_START, None)
            monitoring.free_tool_id(tool)

else:

    def _watched_calls(codes: list[types.CodeType], enter: Callable[[types.CodeType], None]) -> Any:
        """Call `enter` when the calling thread starts to run one of `codes`, or any other."""
        return _profiled_calls(enter)


@contextmanager
def _profiled_calls(enter: Callable[[types.CodeType], None]) -> Iterator[None]:
    """Call `enter` for every function that the calling thread enters; a profiler that is installed goes on."""
    installed: Any = sys.getprofile()
    if installed is not None and not callable(installed):  # one in C, which cannot be chained to
        yield
        return

    def profile(frame: types.FrameType, event: str, arg: object) -> None:
        if event == "call":
            enter(frame.f_code)
        if installed is not None:
            installed(frame, event, arg)

    sys.setprofile(profile)
    try:
        yield
    finally:
        if sys.getprofile() is profile:
            sys.setprofile(installed)
