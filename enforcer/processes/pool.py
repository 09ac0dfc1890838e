"""A pool of workers: jobs run in processes that are forked, kept up to date, and used again.

The backend `fork` is a pool whose workers live for one job, `pool` one whose workers live for many. The workers are
forked by a pristine process that never runs a job. What replicas must know of each other's doings is a log of updates.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import nullcontext
from functools import partial

from enforcer.processes import linux, signalling
from enforcer.processes.choosing import Choosing
from enforcer.processes.crew import Crew
from enforcer.processes.exclusion import NO_GROUPS, Exclusion, Groups, Waits
from enforcer.processes.failures import GivenUp, ProcessFailed, run_has_ended
from enforcer.processes.frames import Broken, Closed
from enforcer.processes.leave import Leave
from enforcer.processes.log import Log
from enforcer.processes.pristine_handle import ForkGuard, PristineHandle
from enforcer.processes.replica import Done, Replica
from enforcer.processes.shared_pristine import SharedPristine
from enforcer.processes.traffic import Traffic
from enforcer.processes.worker_handle import WorkerHandle

_LEAVING = 10.0
"""Seconds, when the pool is closed, for jobs that still run to notice that their worker was killed."""


class Ticket:
    """A job: the worker that has it in hand, None before and after. Guarded by the pool's lock."""

    def __init__(self) -> None:
        self.worker: WorkerHandle | None = None
        self.given_up = False
        """Somebody has asked to end it while it had no worker."""


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
        fork_guard: ForkGuard = nullcontext,
    ) -> None:
        self.traffic = Traffic()
        self._lifetime = lifetime
        self._clock = linux.Clock()
        self._crew = Crew(limit)
        self._log = Log()
        self._pristine = SharedPristine(
            partial(PristineHandle, replica, fork_guard, self._clock),
            partial(WorkerHandle, grace=grace, clock=self._clock),
            self._crew, self._log, self.traffic,
        )  # fmt: skip
        self._exclusion = Exclusion(self._crew.lock, self._clock)
        self._choosing = Choosing(self._crew, self._clock)
        self._leave = Leave(self._crew, self._pristine)

    @property
    def losses(self) -> list[str]:
        """Workers that ended with no job to blame: a sentence each. What they had left to say is lost."""
        return self._leave.losses

    @property
    def waits(self) -> Mapping[Hashable, Waits]:
        """How jobs have waited for others of their groups."""
        return self._exclusion.waits

    def start(self) -> None:
        """Fork the pristine process; on the main thread, with no job under way."""
        self._pristine.start()

    def publish(self, update: bytes) -> int:
        """Add an update that every replica takes over before its next job; its position. On any thread."""
        with self._crew.lock:
            return self._log.append(update)

    def run(
        self,
        request: bytes,
        told: Callable[[bytes], None],
        begun: Callable[[Ticket], None],
        fresh: bool = False,
        groups: Groups = NO_GROUPS,
    ) -> bytes:
        """Run a job in a worker (a `fresh` one, if it must have run no other) and return its result.

        Blocks, on any number of threads. No other job of its `groups` runs meanwhile.

        `begun` gets the ticket to interrupt the job with, before the worker gets the request, and once more before that
        if the job has to wait for others of its groups; `told` each event, in order; both on this thread. Raises
        `ProcessFailed`; `GivenUp` if it is interrupted while it waits for others; what `begun` raises, and then there
        is no job; what `told` raises, and then the worker is killed.
        """
        ticket = Ticket()
        with self._exclusion.turn(groups, partial(begun, ticket), partial(self._look, ticket)):
            return self._run(ticket, request, told, begun, fresh)

    def _look(self, ticket: Ticket) -> None:
        """Whether a job that waits for others is to wait on."""
        if ticket.given_up:
            raise GivenUp
        if self._crew.closed:
            raise run_has_ended()

    def _run(
        self,
        ticket: Ticket,
        request: bytes,
        told: Callable[[bytes], None],
        begun: Callable[[Ticket], None],
        fresh: bool,
    ) -> bytes:
        self._leave.see_off()  # before it waits: meanwhile nobody might, and their processes would stay
        worker = self._choosing.take(fresh) or self._pristine.fork_worker()
        with self._crew.lock:
            ticket.worker = worker
        try:
            begun(ticket)
        except BaseException:
            self._give_back(ticket, worker, reusable=True)
            raise
        done = self._work(ticket, worker, request, told)
        self._give_back(ticket, worker, done.reusable)
        self._pristine.feed()
        return done.payload

    def interrupt(self, ticket: Ticket) -> None:
        """Ask a job's worker to end it; after `grace` seconds SIGTERM follows, then SIGKILL. On any thread, at once.

        A job that is over is left alone; one that waits for others of its groups gives up. `run` returns the result
        that the worker gives, or says what it took.
        """
        with self._crew.lock:  # whoever takes the ticket away holds it, too: no other job is interrupted
            if ticket.worker:
                ticket.worker.interrupt()
            else:
                ticket.given_up = True
                self._exclusion.notify()

    def suspend(self) -> None:
        """Stop all workers with SIGTSTP; no deadline comes nearer meanwhile. On the main thread.

        The pristine process goes on, and does nothing: it is the one that ends everything should main be killed.
        """
        signalling.suspend(self._crew, self._clock)

    def resume(self) -> None:
        """Let the workers go on. On the main thread."""
        signalling.resume(self._crew, self._clock)

    def terminate(self) -> None:
        """Have all workers end with what they have started, each by its own handler. On the main thread."""
        signalling.terminate(self._crew)

    def close(self, retired: Callable[[bytes], None]) -> None:
        """Let idle workers retire, end everything, and pass on what each worker that retired has said.

        On the main thread. Jobs that still run are killed. Afterwards no process, descriptor or thread of ours is
        left, whatever had died before. Harmless when repeated.
        """
        if self._crew.suspended:
            self.resume()
        if self._crew.closed:
            return
        with self._crew.lock:
            retiring, idle = self._crew.close(_LEAVING)
        self._let_go(retiring, idle)
        self._pristine.end()
        for said in self._leave.said:
            retired(said)

    def _let_go(self, retiring: list[WorkerHandle], idle: list[WorkerHandle]) -> None:
        # What the pristine process would end, were it there; before they retire, for then nobody knows whose it was.
        orphans = [pid for worker in idle for pid in linux.children(worker.process.pid) if self._pristine.has_ended()]
        for worker in idle:
            worker.retire()  # all before the first is waited for: they end side by side
        for worker in (*retiring, *idle):
            self._leave.take(worker)
        for pid in orphans:
            linux.kill_tree(pid)

    # A job in its worker.

    def _work(self, ticket: Ticket, worker: WorkerHandle, request: bytes, told: Callable[[bytes], None]) -> Done:
        with self._crew.lock:
            updates = self._log.hand_over(worker)
        try:
            worked = worker.work(request, updates, told)
        except (Closed, Broken) as error:
            raise ProcessFailed(self._bury(ticket, worker, error)) from None
        except BaseException:
            worker.process.kill()
            self._bury(ticket, worker, Closed())
            raise
        with self._crew.lock:
            self.traffic.request_bytes += len(request)
            self.traffic.update_bytes += sum(map(len, updates))
            self.traffic.result_bytes += worked.received
        return worked.done

    def _give_back(self, ticket: Ticket, worker: WorkerHandle, reusable: bool) -> None:
        with self._crew.lock:
            ticket.worker = None  # in the same step as it rests: an interrupt between would be the next job's
            worker.rest()
        retires = not reusable or worker.jobs >= self._lifetime
        if retires:
            worker.retire()  # without the lock: to send may wait; and before somebody waits for its farewell
        with self._crew.lock:
            self._crew.give_back(worker, retires)
            self._pristine.trim_log()
            self._crew.notify()

    def _bury(self, ticket: Ticket, worker: WorkerHandle, error: Closed | Broken) -> str:
        with self._crew.lock:
            ticket.worker = None  # before its descriptors are closed
            self._crew.part_from(worker)
        return self._leave.bury(worker, error)
