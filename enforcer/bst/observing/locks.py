"""Locks that plugin modules and their classes hold, and whether a job used one.

Such a lock excludes the threads of its own process only. Before a run the code of the plugin modules
is searched for functions that name one; where there is none, jobs are not looked at. Where there are
some, what counts is whether such a function ran in the job's thread.
"""

from __future__ import annotations

import sys
import threading
import types
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from enforcer.blame.code import classes_of, functions_of, named, nested_code
from enforcer.blame.place import Place
from enforcer.bst.elements import names
from enforcer.graph.values import class_dict, is_one_of
from enforcer.results.findings import Owner

_PLAIN_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_LOCKS = (*_PLAIN_LOCKS, threading.Condition, threading.Semaphore)
_FACTORIES = (threading.Lock, threading.RLock, threading.Condition, threading.Semaphore, threading.BoundedSemaphore)


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
        for function, cls in functions_of(self._modules) if holders else ():
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
        for cls in classes_of(module):
            owner = Owner("class", names.shown_class_name(cls))
            for name, value in class_dict(cls).items():
                if _guards(value):
                    found.setdefault(id(value), (owner, name))
    return found


def _guards(value: Any) -> bool:
    """Whether `value` is a lock, or a container that holds or makes locks."""
    kind = type(value)
    if is_one_of(kind, (dict, OrderedDict, defaultdict)):
        makes_locks = kind is defaultdict and is_one_of(value.default_factory, _FACTORIES)
        return makes_locks or any(issubclass(type(item), _LOCKS) for item in dict.values(value))
    if is_one_of(kind, (list, tuple)):
        return any(issubclass(type(item), _LOCKS) for item in value)
    return issubclass(kind, _LOCKS)


def _uses(
    code: types.CodeType, function: types.FunctionType, cls: type | None, holders: dict[int, tuple[Owner, str]]
) -> Iterator[Use]:
    """What `code`, in a function of class `cls`, names of `holders`."""
    for _, line, value in named(code, function, cls):
        if id(value) in holders:
            yield Use(*holders[id(value)], Place(code.co_filename, line, code.co_name))


if sys.version_info >= (3, 12):
    from enforcer.blame.lines import take_tool

    @contextmanager
    def _watched_calls(codes: list[types.CodeType], enter: Callable[[types.CodeType], None]) -> Iterator[None]:
        """Call `enter` when the calling thread starts to run one of `codes`; other code runs at full speed."""
        monitoring, thread = sys.monitoring, threading.get_ident()
        tool = take_tool()
        if tool is None:
            with _profiled_calls(enter):
                yield
            return

        def start(code: types.CodeType, offset: int) -> None:
            if threading.get_ident() == thread:
                enter(code)

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
