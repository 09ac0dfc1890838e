"""The pristine process as main sees it. No wait for it outlives it."""

from __future__ import annotations

import gc
import os
import select
import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

from enforcer.processes import linux, pristine
from enforcer.processes.deadline import LOOK
from enforcer.processes.frames import Broken, Closed, Connection, Frame, FrameKind, pack
from enforcer.processes.process_handle import ProcessHandle
from enforcer.processes.replica import Replica

ForkGuard: TypeAlias = Callable[[], AbstractContextManager[object]]
"""Makes a context within which main may be forked."""

_ANSWER = 120.0
"""Seconds that the pristine process has for one answer: catching up and forking take milliseconds."""

_LEAVING = 10.0
"""Seconds for it to end all that it has left to end, and itself."""

_DYING = 5.0
"""Seconds for it to be gone once it was killed."""


class PristineHandle:
    """The process that forks workers; one thread at a time uses it. `position` is where it is in the log of updates."""

    def __init__(self, replica: Replica, fork_guard: ForkGuard, clock: linux.Clock) -> None:
        pid, end = _fork(replica, fork_guard)
        self.process = ProcessHandle(pid, os.pidfd_open(pid), clock.now())
        self.position = 0
        self._connection = Connection(end, self._wait)
        self._clock = clock
        self._deadline = 0.0
        self._ended: str | None = None

    def update(self, updates: Sequence[bytes]) -> None:
        """Bring it up to date, without waiting for it. Raises `Closed`."""
        self._send(FrameKind.UPDATE, pack(updates))

    def fork_worker(self, updates: Sequence[bytes]) -> tuple[ProcessHandle, socket.socket]:
        """Bring it up to date and let it fork a worker: its process, and our end of the connection to it.

        Raises `Closed`, `Broken` when the system refuses.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                answer = self._ask(FrameKind.FORK, pack(updates), [theirs.fileno()])
            if answer.kind is FrameKind.REFUSED:
                raise Broken(answer.payload.decode())
        except BaseException:
            ours.close()
            raise
        (pid,), (pidfd,) = pristine.PROCESS.unpack(answer.payload), answer.descriptors
        return ProcessHandle(pid, pidfd, self._clock.now()), ours

    def reap(self, pid: int, retired: bool) -> int | None:
        """How a worker ended that has ended; what it left is killed, too, unless it retired. None: nobody knows."""
        try:
            answer = self._ask(FrameKind.REAP, pristine.ASKED.pack(pid, retired))
        except Closed:
            return None
        (status,) = pristine.STATUS.unpack(answer.payload)
        return None if status == pristine.UNKNOWN else status

    def end(self) -> str:
        """End it and all that it has left to end; in words, how it ended."""
        if self._ended is None:
            self._connection.close()
            if not self.process.has_ended(_LEAVING):
                self.process.kill()
                self.process.has_ended(_DYING)
            self.process.close()
            self._ended = linux.ending(linux.reap(self.process.pid, 0))
        return self._ended

    def _ask(self, kind: FrameKind, payload: bytes, descriptors: Sequence[int] = ()) -> Frame:
        self._send(kind, payload, descriptors)
        return self._connection.receive()

    def _send(self, kind: FrameKind, payload: bytes, descriptors: Sequence[int] = ()) -> None:
        if self._ended is not None:
            raise Closed
        self._deadline = self._clock.now() + _ANSWER
        self._connection.send(kind, payload, descriptors)

    def _wait(self, end: int, event: int) -> None:
        poll = select.poll()
        poll.register(end, event)
        poll.register(self.process.pidfd, select.POLLIN)
        while not (ready := dict(poll.poll(LOOK * 1000))):
            if self._clock.now() > self._deadline:
                self.process.kill()
                raise Closed
        if end not in ready:
            raise Closed


def _fork(replica: Replica, fork_guard: ForkGuard) -> tuple[int, socket.socket]:
    """Fork the pristine process within the guard; its id, and our end of the connection to it."""
    ours, theirs = socket.socketpair()
    main = os.getpid()

    def life() -> None:
        ours.close()
        pristine.live_pristine(theirs, main, replica)

    gc.freeze()  # so that collections in the children leave the pages shared
    try:
        with fork_guard():
            return linux.fork(life), ours
    except BaseException:
        ours.close()
        raise
    finally:
        gc.unfreeze()
        theirs.close()
