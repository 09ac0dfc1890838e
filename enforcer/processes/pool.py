"""A pool of workers: which one runs a job, and what happens when one ends.

The backend `fork` is a pool whose workers live for one job, `pool` one whose workers live for many. The workers are
forked by a pristine process that never runs a job. What replicas must know of each other's doings is a log of updates:
everyone takes over each of them once, in order, before it matters.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from enforcer.errors import EnforcerError
from enforcer.processes import linux
from enforcer.processes.frames import Closed, Kind
from enforcer.processes.handles import Broken, Pristine, Ticket, Worker
from enforcer.processes.replica import Replica

__all__ = ["Pool", "ProcessFailed", "Ticket", "Traffic"]

_PATIENCE = 0.3
"""Seconds that a job waits for a worker before another one is forked, once each processor has one."""

_BUSY_PATIENCE = 10 * _PATIENCE
"""The same while the workers keep all processors busy: another one would only share these, and take memory."""

_BUSY = 0.25
"""The share of its time that a worker computes to count as keeping a processor busy."""

_BACKLOG = 64
"""Updates that the pristine process may lack before they are sent though nobody forks."""

_DYING = 1.0
"""Seconds for a worker that closed its connection to end by itself."""

_STOPPING = 1.0
"""Seconds for all workers to stop when the run is suspended."""

_TERMINATING = 20.0
"""Seconds for all workers to end what they have started when the run is terminated; BuildStream gives a sandbox 15."""

_LEAVING = 10.0
"""Seconds, when the pool is closed, for jobs that still run to notice that their worker was killed."""


class ProcessFailed(EnforcerError):
    """A worker or the pristine process ended or broke; the text is for users and says which, how, when, what next."""


@dataclass
class Traffic:
    """What the pool has moved so far: counts, bytes, seconds."""

    forked: int = 0
    request_bytes: int = 0
    update_bytes: int = 0
    result_bytes: int = 0
    """Results with their events."""
    fork_seconds: float = 0.0


class Log:
    """Updates by position; what everyone has is dropped from the front."""

    def __init__(self) -> None:
        self._updates: list[bytes] = []
        self._first = 0

    @property
    def end(self) -> int:
        """The position of the next update."""
        return self._first + len(self._updates)

    def append(self, update: bytes) -> int:
        """Add an update; its position."""
        self._updates.append(update)
        return self.end - 1

    def since(self, position: int) -> list[bytes]:
        """All updates from a position on."""
        return self._updates[position - self._first :]

    def trim(self, position: int) -> None:
        """Forget all updates before a position."""
        del self._updates[: position - self._first]
        self._first = position


class Pool:
    """Runs jobs in worker processes; each method says on which thread it may be called.

    `limit` is how many workers run jobs at the same time (as many again may be about to end), `lifetime` how many jobs
    one of them runs, `grace` how many seconds an interrupted job or a retiring worker has. `fork_guard` makes a context
    within which the main process is forked.
    """

    def __init__(
        self,
        replica: Replica,
        *,
        limit: int,
        lifetime: int,
        grace: float = 30.0,
        fork_guard: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._replica = replica
        self._limit = limit
        self._lifetime = lifetime
        self._grace = grace
        self._fork_guard = fork_guard
        self._clock = linux.Clock()
        # Guards all below. Never wait for the pristine process's lock while holding it: the order is the other one.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._line: list[_Waiting] = []  # the next worker is for who waits longest
        self._log = Log()
        self._pristine: Pristine | None = None
        self._starting = 0
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._retiring: list[Worker] = []
        self._parting = 0  # workers that some thread takes leave of
        self._suspended = False
        self._closed = False
        self._said: list[bytes] = []
        self.losses: list[str] = []
        """Workers that ended with no job to blame: a sentence each. What they had left to say is lost."""
        self.traffic = Traffic()

    def start(self) -> None:
        """Fork the pristine process; on the main thread, with no job under way."""
        self._pristine = Pristine(self._replica, self._fork_guard, self._clock)

    def publish(self, update: bytes) -> int:
        """Add an update that every replica takes over before its next job; its position. On any thread."""
        with self._changed:
            return self._log.append(update)

    def run(
        self, request: bytes, told: Callable[[bytes], None], begun: Callable[[Ticket], None], fresh: bool = False
    ) -> bytes:
        """Run a job in a worker (a `fresh` one, if it must have run no other) and return its result.

        Blocks, on any number of threads.

        `begun` gets the ticket to interrupt the job with, before the worker gets the request; `told` each event, in
        order; both on this thread. Raises `ProcessFailed`; what `begun` raises, and then there is no job; what
        `told` raises, and then the worker is killed.
        """
        worker = self._take(fresh)
        ticket = Ticket(worker)
        try:
            begun(ticket)
        except BaseException:
            self._give_back(ticket, worker, reusable=True)
            raise
        try:
            with self._changed:
                updates, worker.position = self._log.since(worker.position), self._log.end
            done = worker.work(request, updates, told)
        except (Closed, Broken) as error:
            raise ProcessFailed(self._bury(ticket, error)) from None
        except BaseException:
            worker.kill()
            self._bury(ticket, Closed())
            raise
        self._give_back(ticket, worker, done.reusable)
        with self._changed:
            self.traffic.request_bytes += len(request)
            self.traffic.update_bytes += sum(map(len, updates))
        self._feed_pristine()
        return done.payload

    def interrupt(self, ticket: Ticket) -> None:
        """Ask a job's worker to end it; after `grace` seconds SIGTERM follows, then SIGKILL. On any thread, at once.

        A job that is over is left alone. `run` returns the result that the worker gives, or says what it took.
        """
        with self._changed:
            if ticket.worker:
                ticket.worker.interrupt()

    def suspend(self) -> None:
        """Stop all workers with SIGTSTP; no deadline comes nearer meanwhile. On the main thread.

        The pristine process goes on, and does nothing: it is the one that ends everything should main be killed.
        """
        self._clock.pause()
        with self._changed:
            self._suspended = True
            self._signal_workers(signal.SIGTSTP)
            workers = [*self._workers, *self._retiring]
        # They stop their jobs' programs, then themselves: a SIGCONT that comes before would be lost.
        deadline = time.monotonic() + _STOPPING
        for worker in workers:
            if not linux.has_stopped(worker.pid, deadline):
                worker.may_stop_late()  # its job lets no Python code run

    def resume(self) -> None:
        """Let the workers go on. On the main thread."""
        with self._changed:
            self._suspended = False
            self._signal_workers(signal.SIGCONT)
        self._clock.resume()

    def terminate(self) -> None:
        """Have all workers end with what they have started, each by its own handler. On the main thread."""
        with self._changed:
            workers = [*self._workers, *self._retiring]
        for worker in workers:
            worker.terminate()
        deadline = time.monotonic() + _TERMINATING
        for worker in workers:
            worker.has_ended(max(0.0, deadline - time.monotonic()))

    def _signal_workers(self, number: signal.Signals) -> None:
        for worker in (*self._workers, *self._retiring):
            linux.signal_group(worker.pid, number)

    # Choosing a worker.

    def _take(self, fresh: bool) -> Worker:
        self._see_off()
        with self._changed:
            waiting = _Waiting(self._clock, self._lock, self._workers)
            self._line.append(waiting)
            try:
                while not self._closed:
                    first = self._line[0] is waiting
                    if first and fresh and len(self._workers) + self._starting >= self._limit:
                        self._make_room()
                    if first and not fresh and (worker := self._living_idle()):
                        return worker
                    patience = None
                    if first and len(self._workers) + self._starting < self._limit:
                        patience = 0.0 if fresh or self._few() else waiting.patience(self._workers)
                        if patience <= 0:
                            self._starting += 1
                            break
                    waiting.called.wait(patience)
                else:
                    raise ProcessFailed("No worker takes further jobs: the run has ended.")
            finally:
                self._line.remove(waiting)
                self._call_first()
        return self._fork()

    def _make_room(self) -> None:
        """Let an idle worker retire."""
        if worker := self._living_idle():
            worker.retire()
            self._workers.remove(worker)
            self._retiring.append(worker)

    def _notify(self) -> None:
        """Let look again who waits for the end, and who waits longest for a worker."""
        self._changed.notify_all()
        self._call_first()

    def _call_first(self) -> None:
        if self._line:
            self._line[0].called.notify()

    def _living_idle(self) -> Worker | None:
        while self._idle:
            worker = self._idle.pop()  # the one used last: it lacks the fewest updates
            if not worker.has_ended():
                return worker
            self._workers.remove(worker)
            self._retiring.append(worker)
        return None

    def _few(self) -> bool:
        return len(self._workers) + self._starting < _processors()

    def _fork(self) -> Worker:
        """A fresh worker, for which room is reserved."""
        assert self._pristine, "start() comes first"
        try:
            with self._pristine.lock:
                begin = time.perf_counter()
                started = self._pristine.fork_worker(self._backlog(self._pristine))
                return self._enlist(
                    Worker(started, self._pristine.position, self._grace, self._clock), time.perf_counter() - begin
                )
        except (Broken, OSError) as error:
            raise ProcessFailed(
                f"No worker process could be forked: {error}. Allow fewer workers, or free memory and process numbers."
            ) from None
        except Closed:
            with self._pristine.lock:
                ending = self._pristine.end()
            raise ProcessFailed(
                f"The process that worker processes are forked from ({self._pristine.pid}) {ending}, so that no job "
                f"can start in a new one{_hint(ending)}. Run the command again."
            ) from None
        finally:
            with self._changed:
                self._starting -= 1
                self._notify()

    def _backlog(self, pristine: Pristine) -> list[bytes]:
        """What the pristine process lacks; it counts as sent."""
        with self._changed:
            updates, pristine.position = self._log.since(pristine.position), self._log.end
            self.traffic.update_bytes += sum(map(len, updates))
        return updates

    def _enlist(self, worker: Worker, seconds: float) -> Worker:
        with self._changed:
            self._workers.add(worker)
            self.traffic.forked += 1
            self.traffic.fork_seconds += seconds
            if self._suspended:
                linux.signal_group(worker.pid, signal.SIGTSTP)
            if self._closed:
                worker.kill()
        return worker

    def _feed_pristine(self) -> None:
        """Send the pristine process what it lacks when that is much, unless it is busy: then its next worker waits."""
        pristine = self._pristine
        if not pristine or self._log.end - pristine.position <= _BACKLOG or not pristine.lock.acquire(blocking=False):
            return
        try:
            pristine.update(self._backlog(pristine))
        except Closed:  # whoever needs it will say so
            pass
        finally:
            pristine.lock.release()

    # Taking leave of one.

    def _give_back(self, ticket: Ticket, worker: Worker, reusable: bool) -> None:
        with self._changed:
            ticket.worker = None
            worker.rest()
            self.traffic.result_bytes += worker.take_received()
        leaves = not reusable or worker.jobs >= self._lifetime
        if leaves:
            worker.retire()
        with self._changed:
            if leaves:
                self._workers.remove(worker)
                self._retiring.append(worker)
            else:
                self._idle.append(worker)
            if self._pristine:
                self._log.trim(min([self._pristine.position, *(each.position for each in self._workers)]))
            self._notify()

    def _bury(self, ticket: Ticket, error: Closed | Broken) -> str:
        """Give up the worker of a job; in words, what happened to it."""
        with self._changed:
            worker, ticket.worker = ticket.worker, None
            assert worker
            self._workers.discard(worker)
            self._parting += 1
        try:
            sending = isinstance(error, Closed) and error.cut_off is Kind.RESULT
            return self._end(worker, error, "while sending its result" if sending else "during a job")
        finally:
            self._parted()

    def _parted(self) -> None:
        with self._changed:
            self._parting -= 1
            self._notify()

    def _end(self, worker: Worker, error: Closed | Broken, when: str) -> str:
        if not (ended := worker.has_ended(_DYING)):
            worker.kill()
        status = self._reap(worker, retired=False)
        worker.release()
        return _obituary(worker, error, ended, status, when, self._grace)

    def _reap(self, worker: Worker, retired: bool) -> int | None:
        assert self._pristine
        with self._pristine.lock:
            return self._pristine.reap(worker.pid, retired)

    def _see_off(self) -> None:
        """Take leave of retired workers that have ended; when too many have not, of the one that retired first."""
        while True:
            with self._changed:
                crowded = len(self._retiring) > self._limit
                worker = next((each for each in self._retiring if crowded or each.has_ended()), None)
                if not worker:
                    return
                self._retiring.remove(worker)
                self._parting += 1
            try:
                self._take_leave(worker)
            finally:
                self._parted()

    def _take_leave(self, worker: Worker) -> None:
        try:
            said = worker.farewell()
        except (Closed, Broken) as error:
            loss = self._end(worker, error, "between jobs")
            with self._changed:
                self.losses.append(loss)
            return
        self._reap(worker, retired=True)
        worker.release()
        with self._changed:
            self._said.append(said)

    # The end.

    def close(self, retired: Callable[[bytes], None]) -> None:
        """Let idle workers retire, end everything, and pass on what each worker that retired has said.

        On the main thread. Jobs that still run are killed. Afterwards no process, descriptor or thread of ours is
        left, whatever had died before. Harmless when repeated.
        """
        if self._suspended:
            self.resume()
        with self._changed:
            if self._closed or not self._pristine:
                self._closed = True
                return
            self._closed = True
            self._notify()
            for worker in self._workers.difference(self._idle):
                worker.kill()
            self._changed.wait_for(self._settled, _LEAVING)
            idle, self._idle = self._idle, []
            self._workers.difference_update(idle)
            leaving, self._retiring = self._retiring, []
        # What its successor in parenthood would not end.
        orphans = [pid for worker in idle for pid in linux.children(worker.pid) if self._pristine.has_ended()]
        for worker in idle:
            worker.retire()
        for worker in (*leaving, *idle):
            self._take_leave(worker)
        for pid in orphans:
            linux.kill_tree(pid)
        with self._pristine.lock:
            self._pristine.end()
        for said in self._said:
            retired(said)

    def _settled(self) -> bool:
        return not self._starting and not self._parting and len(self._workers) == len(self._idle)


class _Waiting:
    """One job's wait for a worker, and how much of that time the workers compute."""

    def __init__(self, clock: linux.Clock, lock: threading.RLock, workers: Iterable[Worker]) -> None:
        self.called = threading.Condition(lock)
        self._clock = clock
        self._began = clock.now()
        self._computed = {worker: worker.cpu_seconds() for worker in workers}

    def patience(self, workers: Iterable[Worker]) -> float:
        """Seconds to wait on before another worker is worth its cost."""
        now = self._clock.now()
        waited = now - self._began
        if waited < _PATIENCE:
            return _PATIENCE - waited
        busy = sum(self._is_busy(worker, now) for worker in workers)
        return _BUSY_PATIENCE - waited if busy >= _processors() else 0.0

    def _is_busy(self, worker: Worker, now: float) -> bool:
        """Whether a worker has computed meanwhile, or since it was forked; what it started doesn't count."""
        computed = worker.cpu_seconds() - self._computed.get(worker, 0.0)
        return computed >= _BUSY * (now - max(self._began, worker.born))


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _obituary(worker: Worker, error: Closed | Broken, ended: bool, status: int | None, when: str, grace: float) -> str:
    who = f"Worker process {worker.pid}"
    if isinstance(error, Broken):
        return f"{who} could not go on {when}, because of an exception that the job should have caught:\n{error}"
    if worker.forced:
        return (
            f"{who} was ended with {worker.forced.name} {when}, because it did not end within {grace:g} seconds of "
            "being asked to. Look for code that hangs or ignores interrupts."
        )
    if not ended:
        return f"{who} closed its connection {when}, and was killed. Look for code that closes what it did not open."
    ending = linux.ending(status)
    return f"{who} {ending} {when}{_hint(ending)}."


def _hint(ending: str) -> str:
    if ending == linux.ending(None):
        return "; how is not known, because the process that it was forked from has ended, too"
    if ending.endswith(f"status {linux.BROKEN}"):
        return "; its traceback is on standard error"
    if "SIGKILL" in ending:
        return "; if nobody killed it, the system may have run out of memory: see the system's log"
    if "signal" in ending or "SIG" in ending:
        return "; look for a crash in compiled code"
    return "; look for code that ends its process, os._exit() for example"
