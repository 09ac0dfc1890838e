"""Locks that plugin modules and their classes hold, and whether a job used one.

Such a lock excludes the threads of its own process only. Before a run the code of the plugin modules
is searched for functions that name one; where there is none, jobs are not looked at. Where there are
some, what counts is whether such a function ran in the job's thread.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from sys import _getframe, getprofile, setprofile
from threading import get_ident
from typing import Any, NamedTuple

from enforcer.blame.code import functions_of, named, nested_code
from enforcer.blame.naming import Naming
from enforcer.blame.place import Place
from enforcer.bst.observing.lock_holders import LockHolder, lock_holders
from enforcer.results.findings import Maker, Owner

LockName = tuple[Owner, str]
"""Who holds a lock, or a table of locks, and its name there."""


class Use(NamedTuple):
    """A lock, or a table of locks, by its name in the module or class that holds it; which line of whose names it."""

    owner: Owner
    name: str
    place: Place | None
    maker: Maker | None = None


class SharedLocks:
    """Which functions of some modules name a lock that a module or a class of them holds.

    Attributes:
        modules: these.
        naming: the names in their functions.
        holders: what holds locks, or will, by identity.
    """

    def __init__(self, modules: list[types.ModuleType]) -> None:
        self.modules = modules
        self.naming = Naming(modules)
        self._tables: set[LockName] = set()
        self._search()

    def learn(self, owner: Owner, name: str) -> None:
        """A job has added a lock there: later jobs that find it rely on it as well, so the table counts from now on."""
        if (owner, name) not in self._tables:
            self._tables.add((owner, name))
            self._search()

    def _search(self) -> None:
        self._uses: dict[int, list[Use]] = {}
        self._codes: list[types.CodeType] = []
        self.holders = lock_holders(self.modules, self.naming, self._tables)
        sure = {key: holder for key, holder in self.holders.items() if holder.sure}
        for function, cls in functions_of(self.modules) if sure else ():
            for code in nested_code(function.__code__):
                if uses := list(_uses(code, function, cls, sure)):
                    self._uses.setdefault(id(code), uses)
                    self._codes.append(code)

    @contextmanager
    def watching(self, running: Callable[[types.FrameType], Maker | None]) -> Iterator[list[Use]]:
        """Note in the list what the functions name that the calling thread enters in the block, and whose they are."""
        used: list[Use] = []
        pending = dict(self._uses)

        def enter(frame: types.FrameType) -> None:
            uses = pending.pop(id(frame.f_code), ())
            if uses:
                maker = running(frame)
                used.extend(use._replace(maker=maker) for use in uses)

        if not pending:
            yield used
            return
        with _watched_calls(self._codes, enter):
            yield used


def _uses(
    code: types.CodeType, function: types.FunctionType, cls: type | None, holders: dict[int, LockHolder]
) -> Iterator[Use]:
    """What `code`, in a function of class `cls`, names of `holders`."""
    for _, line, value in named(code, function, cls):
        if holder := holders.get(id(value)):
            yield Use(holder.owner, holder.name, Place(code.co_filename, line, code.co_name))


_Enter = Callable[[types.FrameType], None]

if sys.version_info >= (3, 12):
    from enforcer.blame.lines import take_tool

    @contextmanager
    def _watched_calls(codes: list[types.CodeType], enter: _Enter) -> Iterator[None]:
        """Call `enter` when the calling thread starts to run one of `codes`; other code runs at full speed."""
        monitoring, thread = sys.monitoring, get_ident()
        tool = take_tool()
        if tool is None:
            with _profiled_calls(enter):
                yield
            return

        def start(code: types.CodeType, offset: int) -> None:
            if get_ident() == thread:
                enter(_getframe(1))

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

    def _watched_calls(codes: list[types.CodeType], enter: _Enter) -> Any:
        """Call `enter` when the calling thread starts to run one of `codes`, or any other."""
        return _profiled_calls(enter)


@contextmanager
def _profiled_calls(enter: _Enter) -> Iterator[None]:
    """Call `enter` for every function that the calling thread enters; a profiler that is installed goes on."""
    installed: Any = getprofile()
    if installed is not None and not callable(installed):  # one in C, which cannot be chained to
        yield
        return

    def profile(frame: types.FrameType, event: str, arg: object) -> None:
        if event == "call":
            enter(frame)
        if installed is not None:
            installed(frame, event, arg)

    setprofile(profile)
    try:
        yield
    finally:
        if getprofile() is profile:
            setprofile(installed)
