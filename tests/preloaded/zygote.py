"""A process that imports modules, connects to nothing, and forks a copy of itself for each program it is asked for.

`python zygote.py SOCKET PARENT MODULE... ROOM`, with the variable `ROOM`: run by its path, on the standard library
only. Each packet on the socket is a request: JSON (see `Program`), and the descriptors of standard input, output and
error and of a pipe. The pipe is told the program's process id, and in the end its wait status, a line each. Closing
the socket ends the zygote when its last program has ended; it ends at once when the process PARENT does.

A program begins with what the zygote has imported and nothing else. What Python gives to a process at its start, it is
given then; what Python reads when it starts (`PYTHON*`, the locale) is the same for all programs of a zygote.

The two helpers of `multiprocessing`, which every `bst` starts and few use, are copies of their program, as long as that
has one thread.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import json
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import multiprocessing.util
import os
import runpy
import select
import signal
import socket
import sys
import threading
import time
import traceback
import types
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

_MOST_BYTES = 1_000_000


def preload(modules: Iterable[str]) -> None:
    """Import modules; what an import warns of is not said, as most programs don't."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules:
            importlib.import_module(module)
    gc.collect()
    # Collections in the copies leave these pages shared.
    gc.freeze()


class Zygote:
    """Forks for each request.

    Args:
        requests: the socket.
        parent: a pidfd of the process whose end is the zygote's, too.
    """

    def __init__(self, requests: socket.socket, parent: int) -> None:
        self._requests = requests
        self._parent = parent
        self._running: dict[int, tuple[int, int]] = {}
        """Of each program its process id and the pipe that is told, by its pidfd."""
        self._poll = select.poll()
        self._poll.register(requests, select.POLLIN)
        self._poll.register(parent, select.POLLIN)
        self._is_open = True

    def serve(self) -> Program | None:
        """Returns in each copy the program that it is to become, and None in the end."""
        # Who presses Ctrl-C at a terminal means the programs.
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
        while self._is_open or self._running:
            for ready, _ in self._poll.poll():
                if ready == self._parent:
                    return None
                if ready in self._running:
                    self._tell_end(ready)
                elif (program := self._answer()) is not None:
                    signal.signal(signal.SIGINT, interrupt)
                    return program
        return None

    def _answer(self) -> Program | None:
        message, streams, _, _ = socket.recv_fds(self._requests, _MOST_BYTES, 4)
        if not message:
            self._poll.unregister(self._requests)
            self._is_open = False
            return None
        pid = os.fork()
        if pid == 0:
            self._forget()
            return Program(json.loads(message), streams)
        told = streams.pop()
        for stream in streams:
            os.close(stream)
        _tell(told, pid)
        pidfd = os.pidfd_open(pid)
        self._running[pidfd] = pid, told
        self._poll.register(pidfd, select.POLLIN)
        return None

    def _tell_end(self, pidfd: int) -> None:
        pid, told = self._running.pop(pidfd)
        _, status = os.waitpid(pid, 0)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _tell(told, status)
        os.close(told)

    def _forget(self) -> None:
        """Close, in a copy, what is the zygote's."""
        self._requests.close()
        os.close(self._parent)
        for pidfd, (_, told) in self._running.items():
            os.close(pidfd)
            os.close(told)


def _tell(pipe: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
        os.write(pipe, b"%d\n" % number)


class Program:
    """What a copy is to become.

    `asked` has: `words`, the command, which begins with the interpreter's path and goes on with `-m MODULE`, `-c TEXT`
    or the path of a script; `directory`; `umask`; `environment`; `session`, whether it leads one of its own.
    """

    def __init__(self, asked: dict[str, Any], streams: list[int]) -> None:
        self._words: list[str] = asked["words"]
        self._directory: str = asked["directory"]
        self._umask: int = asked["umask"]
        self._environment: dict[str, str] = asked["environment"]
        self._leads_session: bool = asked["session"]
        self._streams = streams

    def run(self) -> None:
        """Become the program, and run it to its end; what it raises is for the interpreter."""
        self._take_streams()
        self._take_surroundings()
        _show_outside(self._words, self._environment)
        # Its last act, when all else that is to be done at exit is done: nothing of this is collected piece by piece.
        atexit.register(gc.freeze)
        multiprocessing.util.spawnv_passfds = _fork_helper
        importlib.invalidate_caches()
        sys.orig_argv[:] = self._words
        _, first, *others = self._words
        if first == "-m":
            sys.path.insert(0, os.getcwd())
            sys.argv[:] = others
            runpy.run_module(others[0], run_name="__main__", alter_sys=True)
        elif first == "-c":
            sys.path.insert(0, "")
            sys.argv[:] = ["-c", *others[1:]]
            _run_as_main(others[0], "<string>")
        else:
            sys.path.insert(0, os.path.dirname(os.path.realpath(first)))
            sys.argv[:] = [first, *others]
            path = os.path.join(os.getcwd(), first)
            with open(path, "rb") as script:
                text = script.read()
            _run_as_main(text, path, __file__=path)

    def _take_surroundings(self) -> None:
        if self._leads_session:
            os.setsid()
        os.chdir(self._directory)
        os.umask(self._umask)
        # Where the locale is C, Python sets this one itself.
        coerced = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}
        os.environ.clear()
        os.environ.update(coerced | self._environment)
        time.tzset()

    def _take_streams(self) -> None:
        told = self._streams.pop()
        os.close(told)
        for number, stream in enumerate(self._streams):
            os.dup2(stream, number)
        for stream in self._streams:
            os.close(stream)
        _renew_streams()


def _run_as_main(text: str | bytes, name: str, **more: object) -> None:
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    vars(main).update(more)
    exec(compile(text, name, "exec"), vars(main))


def _renew_streams() -> None:
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _reopened(getattr(sys, name), number)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _reopened(old: Any, number: int) -> io.TextIOWrapper:
    """A stream on a descriptor as Python opens it at its start: as `old`, but for what depends on a terminal."""
    is_raw = old.write_through and old.mode == "w"
    binary: Any = open(number, old.mode + "b", buffering=0 if is_raw else -1, closefd=False)  # noqa: SIM115
    raw = binary if is_raw else binary.raw
    raw.name = old.name
    by_line = not old.write_through and (raw.isatty() or number == 2)
    stream: Any = io.TextIOWrapper(binary, old.encoding, old.errors, "\n", by_line, old.write_through)
    stream.mode = old.mode
    return stream


def _show_outside(words: Iterable[str], environment: dict[str, str]) -> None:
    """Have `/proc/PID/cmdline` and `/proc/PID/environ` show the program's own.

    The kernel reads them from where it put them when the zygote was started. There is room for longer ones; what is
    left of it shows as empty words.
    """
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    first_word, end_of_words, first_variable, end_of_variables = map(int, fields[45:49])
    _overwrite(first_word, end_of_words, words)
    _overwrite(first_variable, end_of_variables, (f"{name}={value}" for name, value in environment.items()))


def _overwrite(start: int, end: int, texts: Iterable[str]) -> None:
    content = b"".join(os.fsencode(text) + b"\0" for text in texts)
    assert len(content) <= end - start, f"{len(content)} bytes, and room for {end - start}"
    ctypes.memmove(start, content.ljust(end - start, b"\0"), end - start)


_start_helper = multiprocessing.util.spawnv_passfds
_never_written: list[Any] = []
"""Streams of the program in its helper: what is left in them is the program's to write."""


def _fork_helper(path: Any, words: Sequence[Any], descriptors: Iterable[int]) -> int:
    """The process id of `PYTHON OPTIONS -c TEXT`, started by a fork where that is safe."""
    if len(os.listdir("/proc/self/task")) > 1:
        return _start_helper(path, words, descriptors)
    pid = os.fork()
    if pid == 0:
        _be_helper([os.fsdecode(word) for word in words], set(descriptors))
    return pid


def _be_helper(words: list[str], descriptors: set[int]) -> NoReturn:
    """Be, in a fork, what this command is when Python starts it: nothing of the program runs or is written."""
    status = 1
    _never_written.append((sys.stdin, sys.stdout, sys.stderr))
    try:
        for number in map(int, os.listdir("/proc/self/fd")):
            if number > 2 and number not in descriptors:
                with contextlib.suppress(OSError):  # the listing's own
                    os.close(number)
        _forget_handlers()
        _show_outside(words, dict(os.environ))
        _renew_streams()
        # Held by who asks for the helpers.
        multiprocessing.forkserver._forkserver._lock = threading.Lock()
        multiprocessing.resource_tracker._resource_tracker._lock = threading.RLock()
        exec(compile(words[-1], "<string>", "exec"), {"__name__": "__main__"})
        status = 0
    except SystemExit as end:  # so the fork server ends
        status = 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _forget_handlers() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def main() -> Program | None:
    """Preload and serve as the command line says."""
    number, parent, *modules = sys.argv[1:-1]
    # The directory of this file, which Python puts there for a script.
    del sys.path[0]
    requests = socket.socket(fileno=int(number))
    pidfd = os.pidfd_open(int(parent))
    if os.getppid() != int(parent):  # it has ended before, and its number may be another's by now
        return None
    preload(modules)
    return Zygote(requests, pidfd).serve()


if __name__ == "__main__":
    if (program := main()) is None:
        os._exit(0)
    program.run()
