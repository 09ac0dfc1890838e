"""Run a command and measure it from outside: time, and the CPU and memory of all processes that it starts.

Linux only. The look at the processes costs the machine a little; its own CPU is given, and it pauses so long that
it takes one core in twenty-five at most.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INTERVAL = 0.25
"""Seconds between two samples, at least."""

_SHARE = 25
"""A sample that took t seconds is followed by a pause of this many times t, at least."""

_TICK = os.sysconf("SC_CLK_TCK")
_SET_CHILD_SUBREAPER = 36


@dataclass
class Measured:
    """One command that has ended. Seconds and bytes.

    Attributes:
        cpu_main: user and system time of the process that was started, alone.
        cpu_all: of it and all its descendants, but for buildbox's.
        cpu_casd: of buildbox's processes, as last seen.
        pss: the highest sum of the proportional set sizes of all processes but buildbox's.
        pss_casd: the same of buildbox's.
        processes: the most processes at a time, without buildbox's.
        cpu_sampler: what measuring cost.
    """

    status: int = 0
    wall: float = 0.0
    cpu_main: float = 0.0
    cpu_all: float = 0.0
    cpu_casd: float = 0.0
    pss: int = 0
    pss_casd: int = 0
    processes: int = 0
    samples: int = 0
    cpu_sampler: float = 0.0


def measure(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: Path, timeout: float) -> Measured:
    """Run `command` to its end, its output into a file.

    Processes that outlive it are waited for a moment, then killed; their CPU counts too.

    Raises:
        TimeoutError: it did not end in `timeout` seconds; it and its descendants were killed.
    """
    _adopt_orphans()
    others = set(_children(os.getpid()))
    measured = Measured()
    with open(output, "wb") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        )
        sampler = _Sampler(others, measured)
        ended = sampler.watch(process.pid, start + timeout)
        measured.wall = time.perf_counter() - start
    if not ended:
        _kill(sampler.tree())
    # The dead process can be looked at until it is waited for, and waiting adds up all that it waited for itself.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    measured.cpu_main = _read(process.pid).cpu
    _, status, usage = os.wait4(process.pid, 0)
    measured.status = process.returncode = os.waitstatus_to_exitcode(status)
    measured.cpu_all = usage.ru_utime + usage.ru_stime + _reap(sampler)
    measured.cpu_casd = sum(sampler.casd_cpu.values())
    measured.cpu_all -= measured.cpu_casd
    if not ended:
        raise TimeoutError(f"{' '.join(command)} did not end in {timeout:.0f} s and was killed")
    return measured


@dataclass
class _Process:
    pid: int
    parent: int
    name: str
    cpu: float

    @property
    def is_casd(self) -> bool:
        return self.name.startswith("buildbox")


@dataclass
class _Sampler:
    """Looks at all descendants of this process but for `others` and theirs."""

    others: set[int]
    measured: Measured
    casd_cpu: dict[int, float] = field(default_factory=dict)

    def watch(self, pid: int, deadline: float) -> bool:
        """Sample until the process has ended; False when the deadline comes first."""
        descriptor = os.pidfd_open(pid)
        try:
            pause = 0.0
            while not select.select([descriptor], [], [], pause)[0]:
                if time.perf_counter() > deadline:
                    return False
                pause = max(INTERVAL, _SHARE * self._sample())
        finally:
            os.close(descriptor)
        return True

    def tree(self) -> list[_Process]:
        """The processes that are alive."""
        below: dict[int, list[_Process]] = {}
        for process in _all_processes():
            below.setdefault(process.parent, []).append(process)
        found: list[_Process] = []
        rest = [process for process in below.get(os.getpid(), []) if process.pid not in self.others]
        while rest:
            process = rest.pop()
            found.append(process)
            rest += below.get(process.pid, [])
        return found

    def _sample(self) -> float:
        """Look once; returns the seconds that it took."""
        start, cpu = time.perf_counter(), time.process_time()
        tree = self.tree()
        sizes = {True: 0, False: 0}
        for process in tree:
            sizes[process.is_casd] += _pss(process.pid)
            if process.is_casd:
                self.casd_cpu[process.pid] = process.cpu
        measured = self.measured
        measured.pss = max(measured.pss, sizes[False])
        measured.pss_casd = max(measured.pss_casd, sizes[True])
        measured.processes = max(measured.processes, sum(not process.is_casd for process in tree))
        measured.samples += 1
        measured.cpu_sampler += time.process_time() - cpu
        return time.perf_counter() - start


def _adopt_orphans() -> None:
    """Let processes whose parent ends become children of this one, or nobody could tell what they took."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")


def _reap(sampler: _Sampler, patience: float = 5.0) -> float:
    """Wait for what outlived the command; the seconds of CPU that it took."""
    total = 0.0
    deadline = time.perf_counter() + patience
    while tree := sampler.tree():
        if time.perf_counter() > deadline:
            _kill(tree)
        for process in tree:
            if process.parent == os.getpid():
                ended, _, usage = os.wait4(process.pid, os.WNOHANG)
                total += usage.ru_utime + usage.ru_stime if ended else 0.0
        time.sleep(0.01)
    return total


def _kill(tree: Iterable[_Process]) -> None:
    for process in tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _children(pid: int) -> Iterator[int]:
    return (process.pid for process in _all_processes() if process.parent == pid)


def _all_processes() -> Iterator[_Process]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            # It may end while we look.
            with contextlib.suppress(OSError):
                yield _read(int(name))


def _read(pid: int) -> _Process:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    # The name stands in parentheses and may hold some itself.
    name, _, rest = text.partition("(")[2].rpartition(") ")
    fields = rest.split()
    return _Process(pid, int(fields[1]), name, (int(fields[11]) + int(fields[12])) / _TICK)


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
