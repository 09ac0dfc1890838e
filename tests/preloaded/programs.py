"""`run` and `Popen` of `subprocess`, for programs that begin as copies of a zygote.

A command is `[sys.executable, "-m", MODULE, ...]`, with one of the modules in `PRELOADED`, or a script of Python's
or a text after `-c` where `imports` says which of them is meant. Whatever such a program finds at its start is as
`subprocess` would have given it, but that modules are imported already, that the seed of hashes is its zygote's, and
that it is the zygote's child. Options of Python, other descriptors than the three and other users are refused.
"""

from __future__ import annotations

import atexit
import inspect
import json
import os
import select
import socket
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

_ZYGOTE = Path(__file__).with_name("zygote.py")
_ROOM_FOR_WORDS = 10_000
_ROOM_FOR_VARIABLES = 100_000
"""Bytes that the words and the variables of a program may take."""
_MOST_ZYGOTES = 8
"""Each takes 60 MB: the one that was used least recently ends when another is wanted."""
_READ_AT_START = ("PYTHON", "GRPC_", "BST_", "LC_", "LANG", "LD_")
"""How variables begin that are read when Python starts, or when gRPC or BuildStream is imported."""
_MEASURED = ("COV_CORE_", "COVERAGE_PROCESS_")
"""How variables begin that have coverage measure each Python from its start."""
_FORK_SUPPORT = "GRPC_ENABLE_FORK_SUPPORT"

_FRONTEND = "buildstream._frontend.cli", "buildstream._frontend.app", "buildstream._stream"
_OURS = "cli", "bst.attach", "bst.command", "bst.live_count", "reports.html.page"
_ENFORCER = tuple(f"enforcer.{name}" for name in _OURS)
PRELOADED: dict[str, tuple[str, ...]] = {"buildstream": _FRONTEND, "enforcer": (*_FRONTEND, *_ENFORCER)}
"""What is imported for a program, by the module that it runs."""


class _Zygote:
    """A process that has imported modules and waits for requests."""

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._programs: weakref.WeakSet[Popen] = weakref.WeakSet()
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            arguments = [str(theirs.fileno()), str(os.getpid()), *modules, "x" * _ROOM_FOR_WORDS]
            self._process = subprocess.Popen(
                [sys.executable, str(_ZYGOTE), *arguments],
                env={**environment, "ROOM": "x" * _ROOM_FOR_VARIABLES},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def is_idle(self) -> bool:
        """Whether all that it has started have been waited for."""
        return all(program.returncode is not None for program in self._programs)

    def start(self, program: Popen, asked: dict[str, Any], streams: Sequence[int]) -> tuple[int, int]:
        """Start a program; its process id, and a pipe that will tell its status."""
        self._programs.add(program)
        told, tells = os.pipe()
        try:
            socket.send_fds(self._requests, [json.dumps(asked).encode()], [*streams, tells])
        finally:
            os.close(tells)
        return _number_from(told), told

    def close(self) -> None:
        """Have it end, when what it has started has ended."""
        # Not only closed: a copy of this process may have the same end.
        with suppress(OSError):
            self._requests.shutdown(socket.SHUT_RDWR)
        self._requests.close()
        self._process.wait()


_zygotes: dict[Any, _Zygote] = {}
"""By the process that started it, what is imported, and what it found at its start; last the one used last."""


def _zygote(modules: Sequence[str], environment: Mapping[str, str]) -> _Zygote:
    at_start = {name: value for name, value in environment.items() if name.startswith(_READ_AT_START)}
    key = os.getpid(), tuple(modules), tuple(sorted(at_start.items()))
    if (zygote := _zygotes.pop(key, None)) is not None:
        if not zygote.has_ended:
            _zygotes[key] = zygote
            return zygote
        zygote.close()
    if not all(map(os.path.isabs, filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)))):
        raise ValueError("Python looks where a relative PYTHONPATH leads when it starts")
    idle = [other for other, zygote in _zygotes.items() if other[0] == os.getpid() and zygote.is_idle]
    for other in idle[: len(_zygotes) + 1 - _MOST_ZYGOTES]:
        _zygotes.pop(other).close()
    _zygotes[key] = _Zygote(modules, {"PATH": os.environ.get("PATH", os.defpath), **at_start})
    return _zygotes[key]


@atexit.register
def _close_all() -> None:
    for (pid, _, _), zygote in _zygotes.items():
        if pid == os.getpid():
            zygote.close()


def _number_from(pipe: int) -> int:
    """The number on the next line of a pipe, which is written all at once."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(pipe, 1)
        if not byte:
            raise RuntimeError("the zygote has ended before its program")
        line += byte
    return int(line)


_STARTS = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]
_OTHERWISE = {"shell": False, "preexec_fn": None, "pass_fds": (), "close_fds": True, "executable": None}
_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")


class Popen(subprocess.Popen[Any]):
    """`subprocess.Popen` of a program that begins as a copy of a zygote.

    Args:
        command: see the module.
        imports: a key of `PRELOADED`; by default what stands after `-m`.
        options: those of `subprocess.Popen`, as far as they are about its streams, its environment, its directory and
            its session.
    """

    def __init__(self, command: Sequence[str], *, imports: str | None = None, **options: Any) -> None:
        self._imports = imports or _module(command)
        # Else a copy, which measures nothing, would be missing where the suite itself is measured.
        self._is_started = any(name.startswith(_MEASURED) for name in options.get("env") or os.environ)
        self._told = -1
        super().__init__(command, **options)

    def _execute_child(self, *args: Any, **kwargs: Any) -> None:
        if self._is_started:
            super()._execute_child(*args, **kwargs)  # type: ignore[misc]
            return
        given = _STARTS.bind(self, *args, **kwargs).arguments
        for name, usual in _OTHERWISE.items():
            if given[name] != usual:
                raise ValueError(f"{name}={given[name]!r} is for a process that subprocess starts")
        pipes = [given[name] for name in _PIPES]
        streams = [number if pipe == -1 else pipe for number, pipe in enumerate((pipes[0], pipes[3], pipes[5]))]
        words = [os.fsdecode(word) for word in given["args"]]
        if words[1].startswith("-") and words[1] not in ("-m", "-c"):
            raise ValueError(f"Python reads its options when it starts: {words[1]} is for a process of subprocess")
        environment = dict(os.environ if given["env"] is None else given["env"])
        asked = {
            "words": words,
            "directory": os.path.abspath(os.fsdecode(given["cwd"] or ".")),
            "umask": _umask() if given["umask"] < 0 else given["umask"],
            "environment": environment,
            "session": bool(given["start_new_session"]),
        }
        zygote = _zygote(PRELOADED[self._imports], _as_imported(words, self._imports, environment))
        try:
            self.pid, self._told = zygote.start(self, asked, streams)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _has_ended(self, seconds: float | None) -> bool:
        """Whether it ends before so many seconds have passed; None: however long it takes."""
        if self.returncode is None:
            poll = select.poll()
            poll.register(self._told, select.POLLIN)
            if not poll.poll(None if seconds is None else max(0, seconds) * 1000):
                return False
            try:
                self.returncode = os.waitstatus_to_exitcode(_number_from(self._told))
            finally:
                os.close(self._told)
        return True

    def _internal_poll(self, *args: Any, **kwargs: Any) -> int | None:
        if self._is_started:
            return super()._internal_poll(*args, **kwargs)  # type: ignore[misc,no-any-return]
        self._has_ended(0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self._is_started:
            return super()._wait(timeout)  # type: ignore[misc,no-any-return]
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode


def _module(command: Sequence[str]) -> str:
    if list(command[:2]) != [sys.executable, "-m"] or command[2] not in PRELOADED:
        raise ValueError(f"nothing is preloaded for {command!r}")
    return command[2]


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _as_imported(words: Sequence[str], imports: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a program would import its modules: the enforcer has gRPC told that it forks."""
    options = {*words, *map("=".join, pairwise(words))}
    if imports != "enforcer" or options & {"--backend=threads", "--mode=off"}:
        return dict(environment)
    return {**environment, _FORK_SUPPORT: "1"}


def run(
    command: Sequence[str],
    *,
    imports: str | None = None,
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """`subprocess.run` of a program that begins as a copy of a zygote; for `imports` see `Popen`."""
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(command, imports=imports, **options) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done
