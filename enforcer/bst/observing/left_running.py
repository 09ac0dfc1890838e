"""Threads and child processes that a job leaves running."""

from __future__ import annotations

import _thread
import math
import multiprocessing.process
import os
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from os import close, listdir, read, waitid
from os import open as open_
from sys import _current_frames
from threading import enumerate as all_threads
from time import CLOCK_BOOTTIME, clock_gettime, monotonic, sleep
from typing import Any, NamedTuple, Protocol

from enforcer.graph.values import class_name, is_compiled, module_of, qualified_name, vars_of

_GRACE = 0.5
"""Seconds that a thread or process which is about to end gets to end; spent only where one is left."""

_POLL = 0.01

_LOOKS = 25
"""So many times at least is looked: where the machine is busy, what is about to end has to wait as we do."""

_BEGAN = 19
"""Which word of /proc/PID/stat, after the name of the program, says when the process began."""

_WALL = 0x40000000
"""`__WALL` of waitid(2): children of any kind, those that end without SIGCHLD too."""

_GRPC = "grpc"
"""The library below BuildStream's core that starts threads when they are first needed, wherever that is."""


_TICK = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds, to which the kernel tells when a process began."""


class Running(NamedTuple):
    """What runs at one moment.

    Attributes:
        threads: the identifiers of threads.
        processes: the ids of processes.
        unseen: how many threads run a compiled function, past the module `threading`: nothing else tells of these.
        at: the moment, in seconds since the system was started.
    """

    threads: frozenset[int]
    processes: frozenset[int]
    unseen: int
    at: float


def running() -> Running:
    """The threads that run Python code and the live processes that this one has to do with, now."""
    at, threads = clock_gettime(CLOCK_BOOTTIME), frozenset(_current_frames())
    unseen = _thread._count() - len(threads - {threading.main_thread().ident})
    return Running(threads, frozenset(_processes()), max(unseen, 0), at)


class SeenThread(NamedTuple):
    """A thread by its identifier, which another may get when it has ended; by its object too, if Python has one."""

    ident: int
    thread: threading.Thread | None

    def runs(self, idents: frozenset[int]) -> bool:
        """Whether it is among the threads of these identifiers, which run."""
        return self.ident in idents and (self.thread is None or thread_of(self.ident) is self.thread)


def threads_now() -> list[SeenThread]:
    """The threads that run Python code."""
    return [SeenThread(ident, thread_of(ident)) for ident in _current_frames()]


class LeftBefore(Protocol):
    """What earlier jobs have left, by identifiers and process ids."""

    threads: set[int]
    processes: set[int]


class Leaks(NamedTuple):
    """What was left: threads by their identifiers, processes by their ids, with names that are the same in each run.

    A thread of which nobody knows the identifier has a number below zero.
    """

    threads: dict[int, str]
    processes: dict[int, str]


NO_LEAKS = Leaks({}, {})


def left_running(
    before: Running,
    executor: object,
    is_plugins: Callable[[threading.Thread | None], bool | None],
    late: LeftBefore,
) -> Leaks:
    """What runs now and did not run before, without what is not the job's.

    Args:
        executor: the scheduler's own; its threads are none of the job's.
        is_plugins: says of a thread whether a plugin has started it in this job; None if that was not seen.
        late: the threads and processes that earlier jobs have left.
    """
    deadline, looks = monotonic() + _GRACE, _LOOKS
    while True:
        leaks, looks = _left_now(before, executor, is_plugins, late), looks - 1
        if not (leaks.threads or leaks.processes) or (looks <= 0 and monotonic() > deadline):
            return leaks
        sleep(_POLL)


def _left_now(
    before: Running,
    executor: object,
    is_plugins: Callable[[threading.Thread | None], bool | None],
    late: LeftBefore,
) -> Leaks:
    now = running()
    known = before.threads.union(vars_of(thread).get("_ident") for thread in getattr(executor, "_threads", ()))
    threads = []
    for ident in now.threads.difference(late.threads):
        thread = thread_of(ident)
        started = is_plugins(thread)
        if thread is not None and "_target" not in vars_of(thread):
            continue  # its function has returned: Python has let go of it, and the thread ends
        if started or (started is None and ident not in known and not _is_grpc_thread(ident)):
            threads.append(ident)
    # These have no identifiers that anybody could ask for.
    threads += range(before.unseen - now.unseen, 0)
    # An older one has become ours since, when its parent ended.
    processes = [
        pid
        for pid in now.processes.difference(before.processes, late.processes)
        if _began(pid) >= before.at - 2 * _TICK
    ]
    return Leaks(_named(threads, _thread_name), _named(processes, _process_name))


def _named(numbers: Iterable[int], name_of: Callable[[int], str]) -> dict[int, str]:
    """By name, since numbers are others in each run."""
    return dict(sorted(((number, name_of(number)) for number in numbers), key=lambda item: item[1]))


def thread_of(ident: int) -> threading.Thread | None:
    """The thread with this identifier, if Python knows it, without asking any."""
    return next((thread for thread in all_threads() if vars_of(thread).get("_ident") == ident), None)


def _is_grpc_thread(ident: int) -> bool:
    """Whether gRPC runs this thread: told by its function. For those that nobody saw being started."""
    thread = thread_of(ident)
    return thread is not None and module_run_by(thread).split(".")[0] == _GRPC


def module_run_by(thread: threading.Thread) -> str:
    """The module of the function that a thread runs, or of its class where that says what runs."""
    target = _target(thread)
    module = target.__module__ if _is_function(target) else module_of(type(thread))
    return module if type(module) is str else ""


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


def _processes() -> Iterator[int]:
    """The live children of this process, and those that Python's fork server has made for it.

    Python's own helpers are none of them: they end when this process does, and nobody can wait for them.
    """
    children = _children()
    server = getattr(forkserver._forkserver, "_forkserver_pid", None)
    helpers = {server, getattr(resource_tracker._resource_tracker, "_pid", None)}
    yield from (pid for pid in children if pid not in helpers)
    if server in children:
        yield from _children_of(server)
        return
    # The server is the parent's, and so are its children.
    yield from filter(runs, started_by_python())


def started_by_python() -> set[int]:
    """The processes that `multiprocessing` has started for this one, and has not waited for."""
    started = list(multiprocessing.process._children)  # type: ignore[attr-defined]
    found = {vars_of(vars_of(process).get("_popen")).get("pid") for process in started}
    return {pid for pid in found if type(pid) is int}


def _children() -> list[int]:
    """Process ids of the children that still run, of every thread of this process."""
    try:
        waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | _WALL)
    except ChildProcessError:  # there are none: no need to read a file a thread
        return []
    return _children_of("self")


def children_of(thread: str) -> list[int]:
    """The children that a thread has started and not waited for, in this order; the thread as a path below /proc."""
    return [int(pid) for pid in _read(f"/proc/{thread}/children").split()]


def _children_of(process: int | str) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in listdir(f"/proc/{process}/task"):
            found += children_of(f"{process}/task/{task}")
    return [pid for pid in found if runs(pid)]


def descendants(processes: Iterable[int]) -> set[int]:
    """What these have started, and what that has, as far as it still runs and has its parent."""
    found: set[int] = set()
    todo = list(processes)
    while todo:
        new = set(_children_of(todo.pop())) - found
        found |= new
        todo += new
    return found


def runs(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"])


def _began(pid: int) -> float:
    """When the process began, in seconds since the system was started; the end of time where nobody can tell."""
    words = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(words[_BEGAN]) * _TICK if len(words) > _BEGAN else math.inf


def _process_name(pid: int) -> str:
    command = _read(f"/proc/{pid}/cmdline").split(b"\0")[0]
    return os.path.basename(os.fsdecode(command)) or "process"


def _read(path: str) -> bytes:
    """What a file of the kernel holds, in as few calls as possible; nothing when its thread or process has ended."""
    parts = []
    try:
        file = open_(path, os.O_RDONLY)
        try:
            while part := read(file, 65536):
                parts.append(part)
        finally:
            close(file)
    except OSError:
        return b""
    return b"".join(parts)
