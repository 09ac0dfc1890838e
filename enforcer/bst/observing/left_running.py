"""Threads and child processes that a job leaves running."""

from __future__ import annotations

import os
import sys
import threading
import time
import types
from collections.abc import Callable, Iterable
from multiprocessing import forkserver, resource_tracker
from typing import Any, NamedTuple

from enforcer.graph.values import class_name, is_compiled, qualified_name, vars_of

_GRACE = 0.5
"""Seconds that a thread or process which is about to end gets to end; spent only where one is left."""

_POLL = 0.01

_WALL = 0x40000000
"""`__WALL` of waitid(2): children of any kind, those that end without SIGCHLD too."""

# Threads of the libraries below BuildStream's core, started when they are first needed, wherever that is.
_LIBRARIES = ("grpc", "asyncio")


class Running(NamedTuple):
    """What runs at one moment: thread identifiers and child process ids."""

    threads: frozenset[int]
    processes: frozenset[int]


def running() -> Running:
    """The threads that run Python code and the live children of this process, now."""
    return Running(frozenset(sys._current_frames()), frozenset(_children()))


class Leaks(NamedTuple):
    """What was left: threads by their identifiers, processes by their ids, with names that are the same in each run."""

    threads: dict[int, str]
    processes: dict[int, str]


NO_LEAKS = Leaks({}, {})


def left_running(before: Running, executor: object) -> Leaks:
    """What runs now and did not run before, without the scheduler's own threads (its `executor`)."""
    deadline = time.monotonic() + _GRACE
    while True:
        leaks = _left_now(before, executor)
        if not (leaks.threads or leaks.processes) or time.monotonic() > deadline:
            return leaks
        time.sleep(_POLL)


def _left_now(before: Running, executor: object) -> Leaks:
    now = running()
    own = {vars_of(thread).get("_ident") for thread in getattr(executor, "_threads", ())}
    threads = [ident for ident in now.threads - before.threads - own if not _is_library_thread(ident)]
    helpers = {
        getattr(forkserver._forkserver, "_forkserver_pid", None),
        getattr(resource_tracker._resource_tracker, "_pid", None),
    }
    processes = now.processes - before.processes - helpers
    return Leaks(_named(threads, _thread_name), _named(processes, _process_name))


def _named(numbers: Iterable[int], name_of: Callable[[int], str]) -> dict[int, str]:
    """By name, since numbers are others in each run."""
    return dict(sorted(((number, name_of(number)) for number in numbers), key=lambda item: item[1]))


def thread_of(ident: int) -> threading.Thread | None:
    """The thread with this identifier, if Python knows it, without asking any."""
    return next((thread for thread in threading.enumerate() if vars_of(thread).get("_ident") == ident), None)


def _is_library_thread(ident: int) -> bool:
    """Whether one of core's libraries runs this thread: told by the function that it runs."""
    target = _target(thread_of(ident))
    module = target.__module__ if _is_function(target) else None
    return type(module) is str and module.split(".")[0] in _LIBRARIES


def _thread_name(ident: int) -> str:
    thread = thread_of(ident)
    if thread is None:
        return "thread"
    target = _target(thread)
    return target.__qualname__ if _is_function(target) else qualified_name(type(thread))


def _is_function(target: object) -> bool:
    """Whether this is a function, compiled ones too; an object of a plugin's class may run code when it is asked."""
    kind = type(target)
    plain = kind is types.FunctionType or kind is types.BuiltinFunctionType
    return plain or (class_name(kind) == "cython_function_or_method" and is_compiled(kind))


def _target(thread: threading.Thread | None) -> Any:
    """The function that a thread runs, a method's too; asks no object of a plugin, which may be called as well."""
    target = None if thread is None else object.__getattribute__(thread, "__dict__").get("_target")
    return target.__func__ if type(target) is types.MethodType else target


def _children() -> list[int]:
    """Process ids of the children that still run, of every thread of this process."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | _WALL)
    except ChildProcessError:  # there are none: no need to read a file a thread
        return []
    found = [pid for task in os.listdir("/proc/self/task") for pid in children_of(f"self/task/{task}")]
    return [pid for pid in found if _runs(pid)]


def children_of(thread: str) -> list[int]:
    """The children that a thread has started and not waited for, in this order; the thread as a path below /proc."""
    return [int(pid) for pid in _read(f"/proc/{thread}/children").split()]


def _runs(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"])


def _process_name(pid: int) -> str:
    command = _read(f"/proc/{pid}/cmdline").split(b"\0")[0]
    return os.path.basename(os.fsdecode(command)) or "process"


def _read(path: str) -> bytes:
    """What a file of the kernel holds, in as few calls as possible; nothing when its thread or process has ended."""
    parts = []
    try:
        file = os.open(path, os.O_RDONLY)
        try:
            while part := os.read(file, 65536):
                parts.append(part)
        finally:
            os.close(file)
    except OSError:
        return b""
    return b"".join(parts)
