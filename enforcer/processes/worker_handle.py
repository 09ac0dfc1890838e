"""A worker as main sees it. No wait for it outlives it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple

from enforcer.processes import linux
from enforcer.processes.deadline import LOOK, Deadline
from enforcer.processes.frames import Broken, Closed, Connection, Frame, FrameKind, pack
from enforcer.processes.process_handle import ProcessHandle
from enforcer.processes.replica import Done
from enforcer.processes.worker import NUMBER, REUSABLE


class Worked(NamedTuple):
    """What came of a job, and of how many bytes its result and its events were."""

    done: Done
    received: int


class WorkerHandle:
    """A worker; one thread at a time uses it, but for `interrupt` and `may_stop_late`. Owns both descriptors.

    `position` is where it is in the log of updates, `jobs` how many it has run.
    """

    def __init__(
        self, process: ProcessHandle, end: socket.socket, position: int, grace: float, clock: linux.Clock
    ) -> None:
        self.process = process
        self.position = position
        self.jobs = 0
        self.deadline = Deadline(clock, grace)
        self._clock = clock
        self._connection = Connection(end, self._wait)
        self._woken = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._interrupting = False  # somebody has asked, and the worker does not know yet
        self._stops_late = False

    def work(self, request: bytes, updates: Sequence[bytes], told: Callable[[bytes], None]) -> Worked:
        """Run a job. Raises `Closed`, `Broken`."""
        self.jobs += 1
        received = 0
        self._connection.send(FrameKind.RUN, pack([request, *updates]))
        while True:
            self._attend(may_send=True)
            frame = self._connection.receive()
            received += len(frame.payload)
            if frame.kind is FrameKind.RESULT:
                return Worked(Done(frame.payload[1:], frame.payload[:1] == REUSABLE), received)
            self._hear(frame, told)

    def _hear(self, frame: Frame, told: Callable[[bytes], None]) -> None:
        if frame.kind is FrameKind.EVENT:
            told(frame.payload)
        elif frame.kind is FrameKind.AWAITED:
            told(frame.payload[NUMBER.size :])
            self._connection.send(FrameKind.HEARD, frame.payload[: NUMBER.size])
        else:
            raise Broken(frame.payload.decode(errors="replace"))

    def interrupt(self) -> None:
        """Ask it, from another thread, to end its job; SIGTERM and SIGKILL follow when it does not."""
        if not self.deadline.is_set:
            self.deadline.ask()
            self.deadline.enforce(signal.SIGTERM)
            self._interrupting = True
            self._wake()  # last: whoever wakes finds all of it

    def may_stop_late(self) -> None:
        """It was asked to stop, and has not yet: should it do so after it was told to go on, it is told again."""
        self._stops_late = True
        self._wake()

    def rest(self) -> None:
        """After a job: what was due is no more."""
        self._interrupting = False
        self.deadline.cancel()

    def retire(self) -> None:
        """Tell it that no further job comes. Its death is for `farewell` to see."""
        self.deadline.ask()
        with contextlib.suppress(Closed):
            self._connection.send(FrameKind.RETIRE)

    def farewell(self) -> bytes:
        """What a worker that was told to retire says before it ends, within a deadline. Raises `Closed`, `Broken`."""
        self.deadline.enforce_last()
        frame = self._connection.receive()
        if frame.kind is not FrameKind.RETIRED:
            raise Broken(frame.payload.decode(errors="replace"))
        while not self.process.has_ended(LOOK):
            self._attend(may_send=False)
        return frame.payload

    def terminate(self) -> None:
        """Have its process end by its own handler, also when it is stopped."""
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGCONT)

    def release(self) -> None:
        """Close our descriptors of it, once it has ended."""
        self._connection.close()
        self.process.close()
        os.close(self._woken)

    # While it works or leaves.

    def _wait(self, end: int, event: int) -> None:
        poll = select.poll()
        poll.register(end, event)
        poll.register(self.process.pidfd, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        # What it sent counts though it has ended since: the end of the connection is looked at first.
        while end not in (ready := dict(poll.poll(self._patience()))):
            if self.process.pidfd in ready:
                raise Closed
            if self._woken in ready:
                os.eventfd_read(self._woken)
            self._attend(may_send=event == select.POLLIN)

    def _patience(self) -> float | None:
        """Milliseconds until something is due; the clock may stand still meanwhile."""
        if (left := self.deadline.left()) is None:
            return 1000 * LOOK if self._stops_late else None
        return 1000 * min(LOOK, max(LOOK / 50, left))

    def _attend(self, may_send: bool) -> None:
        """Pass an interrupt on, unless a frame is half sent, and do what is due."""
        self._wake_if_stopped_late()
        if may_send and self._interrupting:
            self._interrupting = False  # first: to send may wait, and to wait attends
            self._connection.send(FrameKind.INTERRUPT)
        if (due := self.deadline.take_due()) is not None:
            self.process.send_signal(due)

    def _wake_if_stopped_late(self) -> None:
        if self._stops_late and not self._clock.stands and linux.has_stopped(self.process.pid):
            self._stops_late = False
            self.process.signal_group(signal.SIGCONT)

    def _wake(self) -> None:
        os.eventfd_write(self._woken, 1)
