"""The pristine process: it never runs a job, is kept up to date, and forks workers.

It is the parent of all workers, and whatever they leave behind becomes its child, so that it can end everything
when main closes the connection or is gone itself. What it reads and writes: see `enforcer.processes.frames`.
"""

from __future__ import annotations

import os
import signal
import socket
import struct

from enforcer.processes import linux, worker
from enforcer.processes.frames import Closed, Connection, Frame, FrameKind, unpack
from enforcer.processes.replica import Replica

ASKED = struct.Struct("!i?")
"""REAP: process id, whether the worker retired as it should."""
STATUS = struct.Struct("!i")
"""REAPED: what `os.waitpid` said, or `UNKNOWN`."""
PROCESS = struct.Struct("!i")
"""FORKED: process id; a pidfd comes with it."""
UNKNOWN = -1

_ENDING = 5.0
"""Seconds for killed processes to be gone: only the kernel can hold them up."""


class _MainGone(BaseException):
    """The thread of main that forked us has ended."""


class _Leave:
    """Handler that raises `_MainGone`, but once: the kernel sends its signal for each thread of main that ends."""

    def __init__(self) -> None:
        self.armed = True

    def __call__(self, *_: object) -> None:
        if self.armed:
            self.armed = False
            raise _MainGone


def live_pristine(end: socket.socket, main: int, replica: Replica) -> None:
    """Serve main, a process id, until it closes the connection or ends; then end all that is left."""
    # In a session of its own: no terminal stops or hangs up on jobs, and what they start fails when it asks a terminal
    # for a password, where a background process would be stopped and wait forever.
    os.setsid()
    linux.adopt_orphans()
    leave = _Leave()
    try:
        try:
            # Others may hold main's end of the connection open, and we may be busy: that it closes is not enough.
            signal.signal(signal.SIGTERM, leave)
            linux.end_with_parent(signal.SIGTERM)
            if os.getppid() == main:
                _Pristine(Connection(end), replica).serve()
        finally:
            leave.armed = False
    except (Closed, _MainGone):
        pass
    finally:
        linux.end_children((), _ENDING)


class _Pristine:
    def __init__(self, connection: Connection, replica: Replica) -> None:
        self._connection = connection
        self._replica = replica
        self._workers: set[int] = set()
        self._spared: set[int] = set()  # what workers that retired have left, until the end

    def serve(self) -> None:
        self._replica.settle("pristine")
        while True:
            frame = self._connection.receive()
            if frame.kind is FrameKind.REAP:
                self._reap(*ASKED.unpack(frame.payload))
                continue
            self._replica.catch_up(unpack(frame.payload))
            if frame.kind is FrameKind.FORK:
                self._fork(frame)

    def _fork(self, frame: Frame) -> None:
        (descriptor,) = frame.descriptors
        with socket.socket(fileno=descriptor) as end:
            try:
                pid = linux.fork(lambda: self._become_worker(end))
            except OSError as error:
                self._connection.send(FrameKind.REFUSED, str(error).encode())
                return
        os.setpgid(pid, pid)  # as the worker does: whoever is first
        self._workers.add(pid)
        pidfd = os.pidfd_open(pid)
        try:
            self._connection.send(FrameKind.FORKED, PROCESS.pack(pid), [pidfd])
        finally:
            os.close(pidfd)

    def _become_worker(self, end: socket.socket) -> None:
        self._connection.abandon()
        worker.live_worker(Connection(end), self._replica)

    def _reap(self, pid: int, retired: bool) -> None:
        status = linux.reap(pid, _ENDING)
        self._workers.discard(pid)
        # Each worker adopts its own orphans: what has become ours was left by those that have ended.
        if retired:
            left = set(linux.children(os.getpid())) - self._workers
            self._spared = {pid for pid in left if os.waitpid(pid, os.WNOHANG) == (0, 0)}
        else:
            linux.end_children(self._workers | self._spared, _ENDING)
        self._connection.send(FrameKind.REAPED, STATUS.pack(UNKNOWN if status is None else status))
