"""The life of a worker: jobs one after the other, on a thread of their own, until it is told to retire.

The main thread only listens, so that it can interrupt a job and notices at once when main is gone. What it reads, and
what the job thread and its events write: see `enforcer.processes.frames`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import struct
import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, current_thread, main_thread
from typing import NoReturn

from enforcer.processes import linux
from enforcer.processes.frames import Closed, Connection, Frame, FrameKind, unpack
from enforcer.processes.replica import Replica

REUSABLE = b"\1"
SPOILED = b"\0"
"""First byte of a result."""
NUMBER = struct.Struct("!Q")
"""What an awaited event begins with, and the answer says."""


def live_worker(connection: Connection, replica: Replica) -> None:
    """Serve main until it closes the connection; a retired worker ends itself."""
    linux.adopt_orphans()
    os.setpgid(0, 0)  # suspended and ended with what it starts, not by the terminal
    replica.settle("worker")
    jobs = _Jobs(connection, replica)
    threading.Thread(target=jobs.serve, name="enforcer-job", daemon=True).start()
    wait = linux.heed_signals(connection.fileno())
    with contextlib.suppress(Closed):
        while True:
            wait()
            frame = connection.receive()
            if frame.kind is FrameKind.INTERRUPT:
                jobs.interrupt()
            elif frame.kind is FrameKind.HEARD:
                jobs.heard(frame)
            else:
                jobs.add(frame)


class _Jobs:
    """The job thread, and what the main thread may do to it."""

    def __init__(self, connection: Connection, replica: Replica) -> None:
        self._connection = connection
        self._replica = replica
        self._frames: SimpleQueue[Frame] = SimpleQueue()
        self._lock = threading.Lock()
        self._running = False
        self._awaited = _Awaited()

    def add(self, frame: Frame) -> None:
        self._running = frame.kind is FrameKind.RUN
        self._frames.put(frame)

    def interrupt(self) -> None:
        with self._lock:
            if self._running:
                self._replica.interrupt()

    def heard(self, frame: Frame) -> None:
        self._awaited.heard(*NUMBER.unpack(frame.payload))

    def serve(self) -> NoReturn:
        status = linux.BROKEN
        try:
            while (frame := self._frames.get()).kind is FrameKind.RUN:
                self._run(frame)
            self._connection.send(FrameKind.RETIRED, self._replica.retire(lambda event, wait=False: None))
            status = 0
        except Closed:  # by main, which wants nothing any more
            pass
        except BaseException:
            self._report()
        finally:
            os._exit(status)

    def _run(self, frame: Frame) -> None:
        request, *updates = unpack(frame.payload)
        self._replica.catch_up(updates)
        tell = _Tell(self._connection, self._awaited)
        payload, reusable = self._replica.run(request, tell)
        with self._lock:
            self._running = False
        tell.end()
        self._connection.send(FrameKind.RESULT, (REUSABLE if reusable else SPOILED) + payload)

    def _report(self) -> None:
        try:
            self._connection.send(FrameKind.FAILED, traceback.format_exc().encode(errors="backslashreplace"))
        except (Closed, OSError):  # without its descriptors, for example
            linux.print_exception()


class _Awaited:
    """Events whose senders wait until main has heard them, by number: an interrupted sender may not have sent its."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._waiting: dict[int, threading.Lock] = {}

    def add(self) -> tuple[int, threading.Lock]:
        number = next(self._numbers)
        # No event: its methods are written in Python, and plugin code may replace them.
        self._waiting[number] = unheard = Lock()
        unheard.acquire()
        return number, unheard

    def heard(self, number: int) -> None:
        self._waiting.pop(number).release()


class _Tell:
    """Sends events while its job runs: a thread that the job left must not speak into the next one's."""

    def __init__(self, connection: Connection, awaited: _Awaited) -> None:
        self._send: Callable[[FrameKind, bytes], None] | None = connection.send
        self._awaited = awaited
        self._lock = threading.Lock()

    def __call__(self, event: bytes, wait: bool = False) -> None:
        wait = wait and current_thread() is not main_thread()
        with self._lock:
            if not self._send:
                return
            if not wait:
                self._send(FrameKind.EVENT, event)
                return
            number, unheard = self._awaited.add()
            self._send(FrameKind.AWAITED, NUMBER.pack(number) + event)
        unheard.acquire()

    def end(self) -> None:
        with self._lock:
            self._send = None
