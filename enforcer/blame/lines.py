"""Line events of chosen code, in the very run: `sys.monitoring` from Python 3.12 on, `sys.settrace` before.

Whoever traces already (coverage, a debugger) goes on: with `sys.monitoring` each tool has a number of its own, and
an installed trace function is called by ours.
"""

from __future__ import annotations

import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from functools import partial
from sys import _getframe, gettrace, settrace
from threading import get_ident
from threading import settrace as _settrace_of_threads
from types import CodeType, FrameType, SimpleNamespace
from typing import Any, Protocol

FOLLOWS_ALL_THREADS = sys.version_info >= (3, 12)
"""Whether lines are seen of threads that ran before; if not, of one that calls `LineEvents.follow()`, from then on."""


class Follower(ABC):
    """What is told about each line.

    Attributes:
        files: the names of the files whose code is followed.
    """

    files: Collection[str]

    @abstractmethod
    def step(self, frame: FrameType) -> None:
        """In the thread that runs it: `frame` begins, goes on, or comes to its line `f_lineno`."""

    def leave(self, frame: FrameType) -> None:  # noqa: B027 - not everybody asks
        """In the thread that ran it: `frame` ends or pauses."""

    def passed(self, calls: int) -> None:  # noqa: B027 - not everybody asks
        """So many functions of other files were called, each of which the interpreter told of."""


class LineEvents(Protocol):
    """Line events for one job."""

    def prepare(self) -> None:
        """Nothing is followed yet, but threads that start from now on can be followed later."""

    def start(self, frame: FrameType | None) -> str | None:
        """Follow all code of the follower's files from now on, in this thread, which runs `frame`, and in new ones.

        Returns why that is not possible here, if it is not.
        """

    def follow(self, frame: FrameType) -> None:
        """Follow this running function too, whatever its file."""

    def add(self, codes: Iterable[CodeType]) -> None:
        """Follow this code of the follower's files too, which was not there before."""

    def stop(self) -> None:
        """Follow nothing any more."""


def line_events(follower: Follower, codes: Callable[[], Iterable[CodeType]] | None) -> LineEvents:
    """The way of this interpreter.

    `codes` gives the code of all functions of the follower's files. Without it they are found when they start, which
    costs every other function a call too.
    """
    if sys.version_info >= (3, 12):
        return _Monitored(follower, codes)
    return _Traced(follower)


if sys.version_info >= (3, 12):
    # A copy: plugin code may put others in the place of its functions.
    _monitoring: Any = SimpleNamespace(**vars(sys.monitoring))

    def take_tool() -> int | None:
        """A number of `sys.monitoring`, taken for the enforcer, or None; those of debuggers and coverage are left."""
        free = (number for number in (4, 3, 5, 2) if _monitoring.get_tool(number) is None)
        number = next(free, None)
        if number is not None:
            _monitoring.use_tool_id(number, "enforcer")
        return number

    _events = _monitoring.events
    _LOCAL = _events.LINE | _events.PY_START | _events.PY_RESUME | _events.PY_RETURN | _events.PY_YIELD
    _STEPS = (_events.LINE, _events.PY_START, _events.PY_RESUME)
    _LEAVES = (_events.PY_RETURN, _events.PY_YIELD)

    class _Monitored:
        """Events of single code objects: all other code runs at full speed."""

        def __init__(self, follower: Follower, codes: Callable[[], Iterable[CodeType]] | None) -> None:
            self._follower = follower
            self._codes = codes
            self._tool: int | None = None
            self._followed: dict[int, CodeType] = {}

        def prepare(self) -> None:
            """Nothing is to do: events come from all threads."""

        def start(self, frame: FrameType | None) -> str | None:
            self._tool = take_tool()
            if self._tool is None:
                return "other tools have taken all numbers of sys.monitoring"
            for event in _STEPS:
                _monitoring.register_callback(self._tool, event, self._step)
            for event in _LEAVES:
                _monitoring.register_callback(self._tool, event, self._leave)
            # There is none for single code objects.
            _monitoring.register_callback(self._tool, _events.PY_UNWIND, self._unwind)
            if self._codes is None:
                _monitoring.register_callback(self._tool, _events.PY_START, self._find)
                _monitoring.set_events(self._tool, _events.PY_UNWIND | _events.PY_START)
                # `_find` silences what is not followed, and the interpreter keeps that for this number, whoever takes
                # it next: the files may be others now.
                _monitoring.restart_events()
                return None
            _monitoring.set_events(self._tool, _events.PY_UNWIND)
            for code in self._codes():
                self._add(code)
            return None

        def _find(self, code: CodeType, where: int) -> object:
            if code.co_filename not in self._follower.files:
                return _monitoring.DISABLE
            self._add(code)
            self._follower.step(_getframe(1))
            return None

        def _add(self, code: CodeType) -> None:
            if id(code) not in self._followed:
                self._followed[id(code)] = code
                _monitoring.set_local_events(self._tool or 0, code, _LOCAL)

        def _step(self, code: CodeType, where: int) -> None:
            self._follower.step(_getframe(1))

        def _leave(self, code: CodeType, offset: int, value: object) -> None:
            self._follower.leave(_getframe(1))

        def _unwind(self, code: CodeType, offset: int, error: BaseException) -> None:
            if id(code) in self._followed:
                self._follower.leave(_getframe(1))

        def follow(self, frame: FrameType) -> None:
            self.add([frame.f_code])

        def add(self, codes: Iterable[CodeType]) -> None:
            for code in codes if self._tool is not None else ():
                self._add(code)

        def stop(self) -> None:
            if self._tool is None:
                return
            for code in self._followed.values():
                _monitoring.set_local_events(self._tool, code, _events.NO_EVENTS)
            _monitoring.set_events(self._tool, _events.NO_EVENTS)
            for event in (*_STEPS, *_LEAVES, _events.PY_UNWIND):
                _monitoring.register_callback(self._tool, event, None)
            _monitoring.free_tool_id(self._tool)
            self._tool, self._followed = None, {}


class _Traced:
    """A trace function a thread, in front of the one that is installed there."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._threads: list[_TracedThread] = []
        self._new_threads: Any = None
        self._is_prepared = False

    def prepare(self) -> None:
        self._new_threads = _hook_of_new_threads()
        _settrace_of_threads(self._begin)
        self._is_prepared = True

    def start(self, frame: FrameType | None) -> str | None:
        if not self._is_prepared:
            self.prepare()
        self._trace_thread(frame)
        return None

    def _trace_thread(self, frame: FrameType | None) -> _TracedThread:
        thread = _TracedThread(self._follower, gettrace(), get_ident())
        self._threads.append(thread)
        thread.install(frame)
        return thread

    def _begin(self, frame: FrameType, event: str, arg: object) -> Any:
        """The first event of a thread that has just been started."""
        thread = _TracedThread(self._follower, self._new_threads, get_ident())
        self._threads.append(thread)
        thread.install(None)
        return thread.call(frame, event, arg)

    def follow(self, frame: FrameType) -> None:
        here = get_ident()
        known = [thread for thread in self._threads if thread.ident == here]
        thread = known[-1] if known else self._trace_thread(None)
        thread.follow(frame)

    def add(self, codes: Iterable[CodeType]) -> None:
        """Its file tells that it is followed."""

    def stop(self) -> None:
        if self._is_prepared and _hook_of_new_threads() == self._begin:
            _settrace_of_threads(self._new_threads)
        self._is_prepared = False
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.stop()


def _hook_of_new_threads() -> Any:
    return threading._trace_hook  # type: ignore[attr-defined]  # `gettrace` is there from 3.10 on, but not in stubs


def traced_from_its_start(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, for a new thread that `threading` knows nothing of: traced as one of its threads would be."""
    return partial(_run_traced, function)


def _run_traced(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    if hook := _hook_of_new_threads():
        settrace(hook)
    return function(*args, **kwargs)


_CALLS = 1000
"""How many calls of functions in other files the follower is told of at once."""


class _TracedThread:
    """The trace function of one thread.

    Attributes:
        ident: the thread's.
    """

    def __init__(self, follower: Follower, inner: Any, ident: int) -> None:
        self._follower = follower
        self._inner = inner
        self._stopped = False
        self._calls = 0
        self.ident = ident

    def install(self, frame: FrameType | None) -> None:
        """Trace the calling thread: what it calls, and its running functions from `frame` upwards."""
        while frame is not None:
            if frame.f_code.co_filename in self._follower.files:
                self.follow(frame)
            frame = frame.f_back
        settrace(self.call)

    def follow(self, frame: FrameType) -> None:
        """Trace the lines of a running function."""
        trace = frame.f_trace
        if not isinstance(trace, _TracedFrame) or not trace.is_for(self):
            frame.f_trace = _TracedFrame(self._follower, frame.f_trace, self)

    def call(self, frame: FrameType, event: str, arg: object) -> Any:
        """The thread's trace function: a function is called."""
        inner = None if self._inner is None else self._inner(frame, event, arg)
        if self._stopped:
            self.leave()
            return inner
        if gettrace() != self.call:  # a tracer in C puts itself back
            settrace(self.call)
        if frame.f_code.co_filename not in self._follower.files:
            self._count()
            return inner
        self._follower.step(frame)
        return _TracedFrame(self._follower, inner, self)

    def _count(self) -> None:
        self._calls += 1
        if self._calls == _CALLS:
            self._calls = 0
            self._follower.passed(_CALLS)

    @property
    def stopped(self) -> bool:
        """Whether lines are of no interest any more."""
        return self._stopped

    def stop(self) -> None:
        """Leave the thread as it was; another one than this can only be told when it comes by."""
        self._stopped = True
        if self.ident == get_ident():
            self.leave()

    def leave(self) -> None:
        """Of the calling thread: trace it no more."""
        if gettrace() == self.call:
            settrace(self._inner)


class _TracedFrame:
    """The trace function of one running function, in front of the one that was there."""

    def __init__(self, follower: Follower, inner: Any, thread: _TracedThread) -> None:
        self._follower = follower
        self._inner = inner
        self._thread = thread

    def is_for(self, thread: _TracedThread) -> bool:
        """Whether it tells the follower of this thread, or one in the place of which it was installed does."""
        inner = self._inner
        return self._thread is thread or (isinstance(inner, _TracedFrame) and inner.is_for(thread))

    def __call__(self, frame: FrameType, event: str, arg: object) -> Any:
        if self._inner is not None:
            self._inner = self._inner(frame, event, arg)
        if self._thread.stopped:
            self._thread.leave()
            return self._inner
        if event == "line":
            self._follower.step(frame)
        elif event == "return":
            self._follower.leave(frame)
        return self
