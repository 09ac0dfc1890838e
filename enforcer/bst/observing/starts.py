"""Who started a thread or a process, a plugin or BuildStream's core, noted while a job's action runs.

The lines are in `launches`.
"""

from __future__ import annotations

import io
import subprocess
import threading
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from sys import _getframe
from threading import get_ident, main_thread
from types import FrameType
from typing import Any

from enforcer.bst import patches
from enforcer.bst.observing.callers import is_plugins_doing
from enforcer.bst.observing.late import Late
from enforcer.bst.observing.left_running import thread_of
from enforcer.bst.observing.makers import Makers
from enforcer.graph.values import vars_of

_STARTING: tuple[tuple[type, str, Callable[[Any], int | None]], ...] = (
    (threading.Thread, "start", lambda thread: vars_of(thread).get("_ident")),
    (subprocess.Popen, "__init__", lambda process: vars_of(process).get("pid")),
)

_STREAMS = (io.FileIO, io.BufferedReader, io.BufferedWriter, io.TextIOWrapper)


class Starts:
    """What one job starts.

    Args:
        files: the names of the files of plugin code.
        makers: tells which plugin starts it.
        late: what earlier jobs have left running.

    Attributes:
        pipes: the process at the other end, by the descriptor of a pipe's end.
    """

    def __init__(self, files: Collection[str], makers: Makers, late: Late) -> None:
        self._files = files
        self._makers = makers
        self._late = late
        self.pipes: dict[int, int] = {}
        # Whether it is a plugin's, by the identity of the thread's object; what late threads start is in `late`.
        # The object itself keeps open what its thread has used: the one that manages a pool of processes, its pipes.
        self._threads: dict[int, tuple[weakref.ref[threading.Thread], bool]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is started in the time of the block, by whichever thread."""
        with ExitStack() as worn:
            for cls, name, number_of in _STARTING:
                worn.callback(patches.put_on(cls, name, partial(self._noting, number_of), gives_way=True))
            yield

    def is_plugins(self, thread: threading.Thread | None) -> bool | None:
        """Whether a plugin has started it in this job; None where it was not seen."""
        known = self._threads.get(id(thread))
        return known[1] if known is not None and known[0]() is thread else None

    def _noting(self, number_of: Callable[[Any], int | None], original: Any) -> Any:
        def start(started: Any, *args: Any, **kwargs: Any) -> Any:
            frame, is_thread = _getframe(1), issubclass(type(started), threading.Thread)
            if is_thread:
                self._threads[id(started)] = weakref.ref(started), self._starts_for_plugin(frame)
                self._makers.starts(started, frame)
            result = original(started, *args, **kwargs)
            number = number_of(started)
            if number is None:
                return result
            if is_thread:
                self._late.adopt_thread(started, number, get_ident())
            else:
                self._late.adopt_process(number, get_ident())
                self._late.started.add(number)
                self.pipes.update(dict.fromkeys(_pipes(started), number))
            return result

        return start

    def _starts_for_plugin(self, frame: FrameType) -> bool:
        """Whether a plugin starts a thread in this job: where the stack does not tell, one has started this one."""
        here = get_ident()
        if here == main_thread().ident or here in self._late.threads:
            return False
        told = is_plugins_doing(frame, self._files)
        return self.is_in_plugins_thread() if told is None else told

    def is_in_plugins_thread(self) -> bool:
        """Whether a plugin has started the present thread in this job."""
        return bool(self.is_plugins(thread_of(get_ident())))


def _pipes(process: Any) -> Iterator[int]:
    """This process's ends of the pipes to a process that has just been started, without running code of its class."""
    attributes = vars_of(process)
    for name in ("stdin", "stdout", "stderr"):
        stream: Any = attributes.get(name)
        if type(stream) in _STREAMS:
            yield stream.fileno()
