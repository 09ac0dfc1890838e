"""The pristine process for all threads of main: one at a time speaks with it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from enforcer.processes import failures
from enforcer.processes.crew import Crew
from enforcer.processes.frames import Broken, Closed
from enforcer.processes.log import Log
from enforcer.processes.pristine_handle import PristineHandle
from enforcer.processes.process_handle import ProcessHandle
from enforcer.processes.traffic import Traffic
from enforcer.processes.worker_handle import WorkerHandle

_BACKLOG = 64
"""Updates that the pristine process may lack before they are sent though nobody forks."""


class SharedPristine:
    """Forks workers into the crew and buries them; for the two locks see `enforcer.processes.crew`.

    `fork` forks the pristine process, `handle_of` makes a worker's handle of its process, our end of the connection and
    its position in the log.
    """

    def __init__(
        self,
        fork: Callable[[], PristineHandle],
        handle_of: Callable[[ProcessHandle, socket.socket, int], WorkerHandle],
        crew: Crew,
        log: Log,
        traffic: Traffic,
    ) -> None:
        self._fork = fork
        self._handle_of = handle_of
        self._crew = crew
        self._log = log
        self._traffic = traffic
        self._speaking = threading.Lock()
        self._started: PristineHandle | None = None

    def start(self) -> None:
        """Fork the pristine process; on the main thread, with no job under way."""
        self._started = self._fork()

    @property
    def handle(self) -> PristineHandle:
        """The process itself."""
        assert self._started, "start() comes first"
        return self._started

    def fork_worker(self) -> WorkerHandle:
        """A fresh worker, busy, for whom a place is reserved. Raises `ProcessFailed`."""
        try:
            with self._speaking:
                return self._enlist()
        except (Broken, OSError) as error:
            raise failures.fork_refused(error) from None
        except Closed:
            raise failures.pristine_ended(self.handle.process.pid, self._end()) from None
        finally:
            # After the worker was added: a place that nobody holds for a moment would be taken, or `close` would not
            # wait for it.
            with self._crew.lock:
                self._crew.unreserve()

    def _enlist(self) -> WorkerHandle:
        begin = time.perf_counter()
        process, end = self.handle.fork_worker(self._backlog())
        worker = self._handle_of(process, end, self.handle.position)
        # While nobody else can speak with the pristine process: its position, where the worker stands, too, stays, and
        # so does in the log what the worker lacks.
        with self._crew.lock:
            self._crew.add(worker)
            self._traffic.forked += 1
            self._traffic.fork_seconds += time.perf_counter() - begin
        return worker

    def _backlog(self) -> list[bytes]:
        """What the pristine process lacks; it counts as sent."""
        with self._crew.lock:
            updates = self._log.hand_over(self.handle)
            self._traffic.update_bytes += sum(map(len, updates))
        return updates

    def feed(self) -> None:
        """Send the pristine process what it lacks when that is much, unless it is busy: then its next worker waits."""
        # No lock to look: whoever is too early or too late by one update is as good.
        if self._log.end - self.handle.position <= _BACKLOG or not self._speaking.acquire(blocking=False):
            return
        try:
            with contextlib.suppress(Closed):  # whoever needs it will say so
                self.handle.update(self._backlog())
        finally:
            self._speaking.release()

    def trim_log(self) -> None:
        """Forget the updates that everyone has; while holding the pool's lock."""
        self._log.trim([self.handle, *self._crew.present()])

    def reap(self, worker: WorkerHandle, retired: bool) -> int | None:
        """How a worker ended, which has; what it left is killed, too, unless it retired. None: nobody knows."""
        with self._speaking:
            return self.handle.reap(worker.process.pid, retired)

    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self.handle.process.has_ended()

    def end(self) -> None:
        """End it, if it was started, and all that it has left to end."""
        if self._started:
            self._end()

    def _end(self) -> str:
        with self._speaking:
            return self.handle.end()
