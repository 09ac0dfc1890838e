"""Which line of plugin code started a thread or a process, in whatever way: it forked, spawned, or asked a shell to.

Of a process that a shell or a fork of a fork has left nobody tells the number. It is known by when it began: after the
line that started it, and before any other that starts something like it.
"""

from __future__ import annotations

import _thread
import multiprocessing.process
import os
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from os import fsdecode
from sys import _getframe
from threading import Thread, get_ident, get_native_id
from time import CLOCK_BOOTTIME, clock_gettime
from types import FrameType
from typing import Any, NamedTuple

from enforcer.blame.lines import traced_from_its_start
from enforcer.blame.live import Where
from enforcer.blame.place import Place, plugin_place
from enforcer.bst import patches
from enforcer.bst.observing.events import heard
from enforcer.bst.observing.left_running import children_of, thread_of
from enforcer.bst.observing.makers import Makers
from enforcer.graph.values import vars_of

_BEGAN = 19
"""Which word of /proc/PID/stat, after the name of the program, says when the process began."""

_TICK = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds, to which the kernel tells when a process began."""


class _Launch(NamedTuple):
    """A line that starts a process.

    Attributes:
        at: when, in seconds since the system was started.
        where: the line.
        says: what it wants to be run, as far as it says so.
    """

    at: float
    where: Where
    says: str


class _Way(NamedTuple):
    """A way to start something: an attribute, the number of what it has started, and what it is asked to run.

    Where Python tells what that is (`_EVENTS`), or nobody asks, it is not said here.
    """

    owner: Any
    name: str
    number_of: Callable[[Any, Any], Any]
    says: Callable[..., Any] | None = None


def _given(_: Any, result: Any) -> Any:
    return result


_WAYS = (
    _Way(Thread, "start", lambda thread, _: vars_of(thread).get("_ident")),
    _Way(
        subprocess.Popen, "__init__", lambda p, _: vars_of(p).get("pid"), lambda self, args=None, *rest, **named: args
    ),
    _Way(
        multiprocessing.process.BaseProcess,
        "start",
        lambda p, _: _number(vars_of(p).get("_popen")),
        lambda self: "python",
    ),
    _Way(os, "posix_spawn", _given),
    _Way(os, "posix_spawnp", _given),
    _Way(_thread, "start_new_thread", _given),
)

_EVENTS = ("os.posix_spawn", "os.system")
"""What Python tells of before it does it, also where plugin code has another name for it; first what is to be run."""

_STARTING_THREADS = ("start_new_thread", "start_new")
"""What code names to start a thread that `threading` knows nothing of."""


def _number(popen: Any) -> Any:
    return None if popen is None else vars_of(popen).get("pid")


class Launches:
    """What one job starts.

    Args:
        files: the names of the files of plugin code.
        makers: tells which plugin starts it.
        mention: the first line of the job's plugins that names this function, imported by itself.
    """

    def __init__(self, files: Collection[str], makers: Makers, mention: Callable[[str], Place | None]) -> None:
        self._files = files
        self._makers = makers
        self._mention = mention
        # By the identity of the thread's object: what it starts is started by the line that has started it.
        self._threads: dict[int, Where] = {}
        self._launches: list[_Launch] = []
        self._threads_past_module: list[Where | None] = []
        self._about_to_fork: dict[int, float] = {}
        self._places: dict[int, Where] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is started in the time of the block, by whichever thread."""
        global _current
        _listen_to_forks()
        with ExitStack() as worn:
            for way in _WAYS:
                worn.callback(patches.put_on(way.owner, way.name, partial(self._noting, way), gives_way=True))
            thread_event = {"_thread.start_new_thread": self._told_of_thread}  # from Python 3.12 on
            worn.enter_context(heard({**dict.fromkeys(_EVENTS, self._told), **thread_event}))
            _current = self
            try:
                yield
            finally:
                _current = None

    def _noting(self, way: _Way, original: Any) -> Any:
        def start(*given: Any, **named: Any) -> Any:
            where = self._where(_getframe(1))
            if where is not None:
                self._note(way, where, given, named)
                if way.owner is _thread and given:
                    given = (traced_from_its_start(given[0]), *given[1:])
            result = original(*given, **named)
            number = way.number_of(given[0] if given else None, result)
            if where is not None and type(number) is int:
                self._places.setdefault(number, where)
            return result

        return start

    def _note(self, way: _Way, where: Where, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        if way.owner is Thread:
            self._threads[id(given[0])] = where
        elif way.says is not None:
            self._launches.append(_Launch(_now(), where, _text(_asked(way.says, given, named))))

    def _told(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """A process is about to be started by the function that runs in `frame`."""
        where = self._where(frame)
        if where is not None:
            self._launches.append(_Launch(_now(), where, _text(args[0])))

    def _told_of_thread(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """A thread is about to be started by the function that runs in `frame`."""
        if frame.f_code.co_filename != threading.__file__:
            self._threads_past_module.append(self._where(frame))

    def forks(self) -> None:
        """The calling thread is about to fork: what comes of it can be there before this thread goes on."""
        self._about_to_fork[get_ident()] = _now()

    def forked(self, frame: FrameType) -> None:
        """The function that runs in `frame` has forked."""
        at, where = self._about_to_fork.pop(get_ident(), _now()), self._where(frame)
        if where is not None:
            self._launches.append(_Launch(at, where, ""))
            # The kernel lists the children of a thread as they came.
            children = children_of(f"self/task/{get_native_id()}")
            self._places.update(dict.fromkeys(children[-1:], where))

    def _where(self, frame: FrameType) -> Where | None:
        place = plugin_place(frame, self._files)
        if place is None:
            return self._threads.get(id(thread_of(get_ident())))
        return Where(place, maker=self._makers.running(frame))

    def has_started(self, pid: int) -> bool:
        """Whether a line was seen starting this very process."""
        return pid in self._places

    def place_of(self, number: int, name: str) -> Where | None:
        """The line that started the process of this number and name."""
        return self._places.get(number) or self._by_time(number, name)

    def place_of_thread(self, ident: int) -> Where | None:
        """The line that started the thread with this identifier, or code that starts threads like it."""
        if ident in self._places or not self._files or thread_of(ident) is not None:
            return self._places.get(ident)
        if self._threads_past_module:
            return self._threads_past_module[-1]
        place = next(filter(None, map(self._mention, _STARTING_THREADS)), None)
        return None if place is None else Where(place, maker=self._makers.by_file(place))

    def _by_time(self, pid: int, name: str) -> Where | None:
        began = _began(pid)
        earlier = [launch for launch in self._launches if began is not None and launch.at <= began + 2 * _TICK]
        named = [launch for launch in earlier if name in launch.says]
        silent = [launch for launch in earlier if not launch.says]
        found = named or silent or earlier
        return found[-1].where if found else None


def _asked(says: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    try:
        return says(*given, **named)
    except TypeError:  # what is called wrongly starts nothing
        return None


def _text(says: Any) -> str:
    """What is to be run, without asking an object that somebody wrote."""
    words = says if type(says) is list or type(says) is tuple else [says]
    return " ".join(fsdecode(word) for word in words if type(word) is str or type(word) is bytes)


def _now() -> float:
    return clock_gettime(CLOCK_BOOTTIME)


def _began(pid: int) -> float | None:
    """When the process began, in seconds since the system was started; None where nobody can tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(words[_BEGAN]) * _TICK if len(words) > _BEGAN else None


_current: Launches | None = None
_listens = False


def _listen_to_forks() -> None:
    """Once in a process, for good: Python has no way to take that back. It does nothing where no job is watched."""
    global _listens
    if not _listens:
        os.register_at_fork(before=_forks, after_in_parent=_forked)
        _listens = True


def _forks() -> None:
    if _current is not None:
        _current.forks()


def _forked() -> None:
    if _current is not None:
        _current.forked(_getframe(1))
