"""Main's ends: the pristine process and a worker as main sees them. None of their waits outlives the other side."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from enforcer.processes import linux, pristine
from enforcer.processes.frames import Closed, Connection, Frame, Kind, pack
from enforcer.processes.replica import Done, Replica
from enforcer.processes.worker import NUMBER, REUSABLE

_ANSWER = 120.0
"""Seconds that the pristine process has for one answer: catching up and forking take milliseconds."""

_LAST_CHANCE = 5.0
"""Seconds between SIGTERM and SIGKILL, and for what was killed to be gone."""

_LOOK = 0.5
"""Seconds between two looks at a deadline."""


class Broken(Exception):
    """The other side says why it cannot go on."""


class Started(NamedTuple):
    """A worker that was just forked: whoever gets it owns both descriptors."""

    pid: int
    pidfd: int
    end: socket.socket


class Pristine:
    """The process that forks workers. Whoever uses it holds `lock`; `position` is where it is in the log."""

    def __init__(
        self, replica: Replica, fork_guard: Callable[[], AbstractContextManager[object]], clock: linux.Clock
    ) -> None:
        self.lock = threading.Lock()
        self.position = 0
        self._clock = clock
        self._deadline = 0.0
        self._ended: str | None = None
        ours, theirs = socket.socketpair()
        main = os.getpid()

        def life() -> None:
            ours.close()
            pristine.live(theirs, main, replica)

        gc.freeze()  # so that collections in the children leave the pages shared
        try:
            with fork_guard():
                self.pid = linux.fork(life)
        except BaseException:
            ours.close()
            raise
        finally:
            gc.unfreeze()
            theirs.close()
        self._pidfd = os.pidfd_open(self.pid)
        self._connection = Connection(ours, self._wait)

    def _wait(self, end: int, event: int) -> None:
        poll = select.poll()
        poll.register(end, event)
        poll.register(self._pidfd, select.POLLIN)
        while not (ready := dict(poll.poll(_LOOK * 1000))):
            if self._clock.now() > self._deadline:
                linux.send_signal(self._pidfd, signal.SIGKILL)
                raise Closed
        if end not in ready:
            raise Closed

    def update(self, updates: Sequence[bytes]) -> None:
        """Bring it up to date, without waiting for it. Raises `Closed`."""
        self._send(Kind.UPDATE, pack(updates))

    def fork_worker(self, updates: Sequence[bytes]) -> Started:
        """Bring it up to date and let it fork a worker. Raises `Closed`, `Broken` when the system refuses."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                answer = self._ask(Kind.FORK, pack(updates), [theirs.fileno()])
            if answer.kind is Kind.REFUSED:
                raise Broken(answer.payload.decode())
        except BaseException:
            ours.close()
            raise
        (pid,), (pidfd,) = pristine.PROCESS.unpack(answer.payload), answer.descriptors
        return Started(pid, pidfd, ours)

    def reap(self, pid: int, retired: bool) -> int | None:
        """How a worker ended that has ended; what it left is killed, too, unless it retired. None: nobody knows."""
        try:
            answer = self._ask(Kind.REAP, pristine.ASKED.pack(pid, retired))
        except Closed:
            return None
        (status,) = pristine.STATUS.unpack(answer.payload)
        return None if status == pristine.UNKNOWN else status

    def _ask(self, kind: Kind, payload: bytes, descriptors: Sequence[int] = ()) -> Frame:
        self._send(kind, payload, descriptors)
        return self._connection.receive()

    def _send(self, kind: Kind, payload: bytes, descriptors: Sequence[int] = ()) -> None:
        if self._ended is not None:
            raise Closed
        self._deadline = self._clock.now() + _ANSWER
        self._connection.send(kind, payload, descriptors)

    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._ended is not None or linux.has_ended(self._pidfd)

    def end(self) -> str:
        """End it and all that it has left to end; in words, how it ended."""
        if self._ended is None:
            self._connection.close()
            if not linux.has_ended(self._pidfd, 2 * _LAST_CHANCE):
                linux.send_signal(self._pidfd, signal.SIGKILL)
                linux.has_ended(self._pidfd, _LAST_CHANCE)
            os.close(self._pidfd)
            self._ended = linux.ending(linux.reap(self.pid, 0))
        return self._ended


class Ticket:
    """A job that a worker has in hand."""

    def __init__(self, worker: Worker) -> None:
        self.worker: Worker | None = worker


class Worker:
    """A worker; one thread at a time uses it, but for `interrupt`."""

    def __init__(self, started: Started, position: int, grace: float, clock: linux.Clock) -> None:
        self.pid = started.pid
        self.position = position
        self.jobs = 0
        self.born = clock.now()
        self.forced: signal.Signals | None = None
        """With what we ended it, because it did not do as it was told in time."""
        self._stops_late = False
        self._pidfd = started.pidfd
        self._connection = Connection(started.end, self._wait)
        self._grace = grace
        self._clock = clock
        self._woken = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._received = 0
        self._interrupted = False
        self._interrupt_sent = False
        self._retired = 0.0
        self._due: float | None = None

    def _wait(self, end: int, event: int) -> None:
        poll = select.poll()
        poll.register(end, event)
        poll.register(self._pidfd, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while end not in (ready := dict(poll.poll(self._patience()))):
            if self._pidfd in ready:
                raise Closed
            if self._woken in ready:
                os.eventfd_read(self._woken)
            self._attend(may_send=event == select.POLLIN)

    def _patience(self) -> float | None:
        """Milliseconds until something is due; the clock may stand still meanwhile."""
        if self._due is None:
            return 1000 * _LOOK if self._stops_late else None
        return 1000 * min(_LOOK, max(_LOOK / 50, self._due - self._clock.now()))

    def _attend(self, may_send: bool) -> None:
        """Pass an interrupt on, unless a frame is half sent, and do what is due."""
        if self._stops_late and not self._clock.stands and linux.has_stopped(self.pid):
            self._stops_late = False
            linux.signal_group(self.pid, signal.SIGCONT)
        if may_send and self._interrupted and not self._interrupt_sent:
            self._interrupt_sent = True
            self._connection.send(Kind.INTERRUPT)
        if self._due is not None and self._clock.now() >= self._due:
            self.forced = signal.SIGTERM if self._interrupted and not self.forced else signal.SIGKILL
            self._due = self._clock.now() + _LAST_CHANCE
            linux.send_signal(self._pidfd, self.forced)

    def work(self, request: bytes, updates: Sequence[bytes], told: Callable[[bytes], None]) -> Done:
        """Run a job. Raises `Closed`, `Broken`."""
        self.jobs += 1
        self._connection.send(Kind.RUN, pack([request, *updates]))
        while True:
            self._attend(may_send=True)
            frame = self._connection.receive()
            self._received += len(frame.payload)
            if frame.kind is Kind.RESULT:
                return Done(frame.payload[1:], frame.payload[:1] == REUSABLE)
            if frame.kind is Kind.EVENT:
                told(frame.payload)
            elif frame.kind is Kind.AWAITED:
                told(frame.payload[NUMBER.size :])
                self._connection.send(Kind.HEARD, frame.payload[: NUMBER.size])
            else:
                raise Broken(frame.payload.decode(errors="replace"))

    def interrupt(self) -> None:
        """Ask it, from another thread, to end its job; SIGTERM and SIGKILL follow when it does not."""
        if not self._interrupted:
            self._due = self._clock.now() + self._grace
            self._interrupted = True
            os.eventfd_write(self._woken, 1)

    def take_received(self) -> int:
        """How many bytes of results and events have come since this was asked last."""
        received, self._received = self._received, 0
        return received

    def may_stop_late(self) -> None:
        """It was asked to stop, and has not yet: should it do so after it was told to go on, it is told again."""
        self._stops_late = True
        os.eventfd_write(self._woken, 1)

    def rest(self) -> None:
        """After a job: what was due is no more."""
        self.forced = None
        self._interrupted = self._interrupt_sent = False
        self._due = None

    def retire(self) -> None:
        """Tell it that no further job comes. Its death is for `farewell` to see."""
        self._retired = self._clock.now()
        with contextlib.suppress(Closed):
            self._connection.send(Kind.RETIRE)

    def farewell(self) -> bytes:
        """What a worker that was told to retire says before it ends, within a deadline. Raises `Closed`, `Broken`."""
        soonest = self._clock.now() + _LAST_CHANCE  # it may have waited for somebody to listen
        self._due = max(self._retired + self._grace, soonest)
        frame = self._connection.receive()
        if frame.kind is not Kind.RETIRED:
            raise Broken(frame.payload.decode(errors="replace"))
        while not linux.has_ended(self._pidfd, _LOOK):
            self._attend(may_send=False)
        return frame.payload

    def has_ended(self, seconds: float = 0) -> bool:
        """Whether its process runs no more, at the latest after so many seconds."""
        return linux.has_ended(self._pidfd, seconds)

    def cpu_seconds(self) -> float:
        """What it has computed so far, without what it started."""
        return linux.cpu_seconds(self.pid)

    def terminate(self) -> None:
        """Have its process end by its own handler, also when it is stopped."""
        linux.send_signal(self._pidfd, signal.SIGTERM)
        linux.send_signal(self._pidfd, signal.SIGCONT)

    def kill(self) -> None:
        """Make its process end now."""
        linux.send_signal(self._pidfd, signal.SIGKILL)

    def release(self) -> None:
        """Close our descriptors of it."""
        self._connection.close()
        os.close(self._pidfd)
        os.close(self._woken)
