"""Forking, signals, and how processes end. Linux only: pidfds, /proc, prctl."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable
from os import read
from typing import NoReturn

BROKEN = 70
"""Exit status of a process of ours that an exception ended (EX_SOFTWARE of sysexits.h)."""

_SET_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_GET_CHILD_SUBREAPER = 37
# Found before any fork: a child loads no libraries.
_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl
_clock_getcpuclockid = _libc.clock_getcpuclockid
_ALL_SIGNALS = signal.valid_signals()


def fork(life: Callable[[], None]) -> int:
    """Fork a child that lives `life` and never returns from here; its process id.

    In the child no handler of the parent's is left: SIGINT does nothing, what else was handled has its default action.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL_SIGNALS)
    try:
        with warnings.catch_warnings():
            # 3.12 and later warn when there are other threads. The child uses none of them.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            pid = os.fork()
        if not pid:
            _live(life, mask)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid


def _live(life: Callable[[], None], mask: Iterable[int]) -> NoReturn:
    status = BROKEN
    try:
        _forget_handlers()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        life()
        status = 0
    except BaseException:
        print_exception()
    finally:
        os._exit(status)


def _forget_handlers() -> None:
    # The parent's event loop listens at the other end of the wakeup descriptor.
    signal.set_wakeup_fd(-1)
    for number in _ALL_SIGNALS:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    # Not SIG_IGN, which programs that a job starts would inherit.
    signal.signal(signal.SIGINT, _do_nothing)


def _do_nothing(*_: object) -> None:
    pass


def print_exception() -> None:
    """Print the exception in hand on the real standard error: `sys.stderr` may be anybody's by now."""
    with contextlib.suppress(OSError):
        os.write(2, f"Process {os.getpid()}: {traceback.format_exc()}".encode(errors="backslashreplace"))


def end_with_parent(number: signal.Signals) -> None:
    """Ask the kernel for this signal when the thread that forked this process ends."""
    _prctl(_SET_DEATH_SIGNAL, ctypes.c_ulong(number), 0, 0, 0)


def adopt_orphans(adopt: bool = True) -> bool:
    """Be the parent of every descendant whose own parent ends, daemons included, or not; whether that was so before."""
    before = ctypes.c_int()
    _prctl(_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    _prctl(_SET_CHILD_SUBREAPER, ctypes.c_ulong(adopt), 0, 0, 0)
    return bool(before.value)


def has_ended(pidfd: int, seconds: float = 0) -> bool:
    """Whether that process ends within the time. It may be anybody's child, and reaped or not."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def send_signal(pidfd: int, number: signal.Signals) -> None:
    """Signal that very process, never one that got its number later; harmless when it has ended."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, number)


def has_stopped(pid: int, deadline: float = 0) -> bool:
    """Whether a process is stopped, or has ended, at the latest when the time (of `time.monotonic`) has come."""
    with contextlib.suppress(OSError):
        while True:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                if file.read().rpartition(") ")[2][0] in "TZX":
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.002)
    return True


def cpu_seconds(pid: int) -> float:
    """The processor time of all threads of a process, its children apart; 0 when it has ended."""
    clock = ctypes.c_int()
    if _clock_getcpuclockid(pid, ctypes.byref(clock)):
        return 0.0
    try:
        return time.clock_gettime(clock.value)
    except OSError:
        return 0.0


def heed_signals(descriptor: int) -> Callable[[], None]:
    """What waits, on the main thread, until a descriptor can be read, and has handlers of signals run meanwhile.

    A call that blocks on the descriptor alone sleeps on when a signal comes after Python's last look for one.
    """
    signals, wakeup = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.register(signals, select.POLLIN)

    def wait() -> None:
        while descriptor not in dict(poll.poll()):
            with contextlib.suppress(BlockingIOError):
                read(signals, 4096)

    return wait


def signal_group(leader: int, number: signal.Signals) -> None:
    """Signal the group of a process that is not reaped yet, so that the number is still its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def ending(status: int | None) -> str:
    """In words, what `os.waitpid` said of a process."""
    if status is None:
        return "has ended"
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"ended with exit status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def children(pid: int) -> list[int]:
    """Process ids of all children of a process, ended ones that are not reaped included."""
    found = []
    with contextlib.suppress(OSError):  # the process, or a thread of it, ends meanwhile
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    return found


def reap(child: int, seconds: float) -> int | None:
    """The status of a child of ours, killed if it does not end within the time; None when it can't be had."""
    try:
        pidfd = os.pidfd_open(child)
    except ProcessLookupError:
        return None
    try:
        if not has_ended(pidfd, seconds):
            send_signal(pidfd, signal.SIGKILL)
            has_ended(pidfd, seconds)
        pid, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:  # somebody else has reaped it
        return None
    finally:
        os.close(pidfd)
    return status if pid else None


def reap_ended(spared: Collection[int]) -> None:
    """Reap the children that have ended, but for the spared ones: whoever started these will."""
    for pid in set(children(os.getpid())).difference(spared):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def end_children(spared: Collection[int], seconds: float) -> None:
    """Kill and reap all children but the spared, then what they leave to us, until nobody is left or time is up."""
    deadline = time.monotonic() + seconds
    while (found := set(children(os.getpid())).difference(spared)) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(PermissionError):  # set-user-id programs outlive us
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            reap(pid, max(0.0, deadline - time.monotonic()))


def kill_tree(pid: int) -> None:
    """Kill a process that is not ours to reap, and all of its descendants. It must not have ended yet."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGSTOP)  # so that it starts no others meanwhile
        descendants = children(pid)
        os.kill(pid, signal.SIGKILL)
        for child in descendants:
            kill_tree(child)


class Clock:
    """Seconds that pass while the run is not suspended, for deadlines."""

    def __init__(self) -> None:
        self._paused = 0.0
        self._since: float | None = None

    @property
    def stands(self) -> bool:
        """Whether it stands still."""
        return self._since is not None

    def now(self) -> float:
        """Seconds since whenever."""
        return (time.monotonic() if self._since is None else self._since) - self._paused

    def pause(self) -> None:
        """Stand still; harmless when it does."""
        if self._since is None:
            self._since = time.monotonic()

    def resume(self) -> None:
        """Go on; harmless when it does."""
        if self._since is not None:
            self._paused += time.monotonic() - self._since
            self._since = None
