"""Backends `fork` and `pool`, main process: jobs run in workers, and what they change comes home.

The main thread alone changes the graph here: it applies each job's delta before BuildStream
handles the job's completion, and sends all workers what it has applied or changed itself.
"""

from __future__ import annotations

import datetime
import itertools
import pickle
import time
from collections.abc import Callable
from typing import Any

from buildstream import _signals
from buildstream._exceptions import set_last_task_error
from buildstream._message import Message, MessageType
from buildstream._scheduler.jobs.job import _ReturnCode
from buildstream._signals import TerminateException

from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.forked import job_coverage
from enforcer.bst.forked.forwarding import Replay
from enforcer.bst.forked.grpc_guard import no_call_under_way
from enforcer.bst.forked.inherited import end_served, served, start_forkserver
from enforcer.bst.judging.comparison import CompareTouched
from enforcer.bst.judging.judge import Judge
from enforcer.bst.replicas.assignments import AssignedObjects
from enforcer.bst.replicas.pending import Pending, addressed
from enforcer.bst.replicas.replication import Replication
from enforcer.bst.runs.in_worker import BstReplica, JobReply, JobRequest
from enforcer.bst.runs.lock_turns import Lock, LockTurns, have_waited, waits
from enforcer.bst.runs.rerun import Reruns
from enforcer.bst.runs.scheduler_run import JOB_FAILED, JOB_TERMINATED, Run, fail, report_escaped
from enforcer.processes.failures import GivenUp, ProcessFailed
from enforcer.processes.pool import Pool, Ticket
from enforcer.reports.message import short_lines
from enforcer.results import costs
from enforcer.results.findings import Finding
from enforcer.results.record import Record
from enforcer.session import Session
from enforcer.settings.settings import Mode


def default_worker_jobs(elements: int) -> int:
    """After so many jobs a worker of the pool is replaced by a fresh one.

    Each job makes some more memory its own. But its last deed is a full compare, which costs as much as a few jobs for
    each thousand elements.
    """
    return max(500, elements // 2)


class _RemoteThread:
    """Stands in a job for the thread that its action runs in, in another process."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket


class ProcessesRun(Run):
    """See `enforcer.bst.runs.scheduler_run.Run`.

    Args:
        become: called in each forked process with the run that takes this one's place there.
    """

    def __init__(self, session: Session, scheduler: Any, queues: list[Any], become: Callable[[Run], None]) -> None:
        self.scheduler = scheduler
        self._queues = queues
        self._assigned = AssignedObjects()
        self._assigned.watch()
        try:
            with session.spending(costs.WALK):
                run_graph = RunGraph(scheduler.context)
            self._replication = Replication(run_graph)
            gated = session.settings.backend == "pool"
            pending = Pending(run_graph.graph, self._replication)
            stays = session.settings.mode is Mode.SOFT
            comparison = CompareTouched(run_graph, self._replication.codec, pending, gated, stays)
            self.judge = Judge(session, scheduler, run_graph, comparison)
        except BaseException:
            self._assigned.unwatch()
            raise
        self._replay = Replay(scheduler.context.messenger)
        self._replies: dict[int, JobReply] = {}
        self._known: dict[int, int] = {}
        self._contexts: dict[int, str | None] = {}
        self._lock_turns = LockTurns(run_graph, self.judge.searches.locks)
        self._locks: dict[int, frozenset[Lock]] = {}
        self._coverage: list[bytes] = []
        self._exact: set[Any] = set()
        self._numbers = itertools.count()
        self._ending = False
        self._served: set[int] = set()
        self._reruns = Reruns(self._run_again) if session.settings.blame == "rerun" else None
        replica = BstReplica(self.judge, self._replication, pending, gated, scheduler, queues, become)
        self._pool = Pool(
            replica,
            limit=session.settings.workers or sum(scheduler.resources._max_resources.values()),
            lifetime=(session.settings.worker_jobs or default_worker_jobs(len(run_graph.elements))) if gated else 1,
            fork_guard=lambda: no_call_under_way,
        )
        self._suspender = _signals.Suspender(self._pool.suspend, self._pool.resume)

    def begin(self) -> None:
        """Fork the pristine process; called on the main thread before any job."""
        start_forkserver(self.judge.run_graph.plugins)
        self._served = served()
        self._pool.start()

    def starting(self, job: Any) -> None:
        """What the main thread has changed since the last job started goes to all workers."""
        self._listen_to_signals()
        self._send_own_changes()
        self._contexts[id(job)] = job_coverage.current_context()
        self._locks[id(job)] = self._lock_turns.locks(job.get_element(), job.action_name)

    def _listen_to_signals(self) -> None:
        """Be told, as a sandbox in this process would be, when the scheduler or a signal stops or ends everything.

        Once the scheduler has laid the ground: whoever is first in these lists installs the handlers.
        """
        if self._suspender not in _signals.suspendable_stack:
            _signals.suspendable_stack.append(self._suspender)
            _signals.terminator_stack.append(self._end_all)

    def _ignore_signals(self) -> None:
        if self._suspender in _signals.suspendable_stack:
            _signals.suspendable_stack.remove(self._suspender)
            _signals.terminator_stack.remove(self._end_all)

    def _end_all(self) -> None:
        """SIGTERM: this process ends afterwards, and no job of it has failed."""
        self._ending = True
        self._pool.terminate()

    def _send_own_changes(self) -> None:
        exact, self._exact = self._exact, set()
        author = f"main.{next(self._numbers)}"
        for unit, payload in self._replication.capture(self._assigned.take_assigned(), exact, author):
            self._publish(unit.roots[0][0], payload)

    def _publish(self, root: Any, payload: bytes) -> None:
        self._replication.published(self._pool.publish(addressed(root, payload)) + 1)

    def act(self, job: Any, child_action: Callable[[], Any]) -> Any:
        """Have a worker do it; `child_action` runs there."""
        try:
            return self._have_done(job)
        except (TerminateException, GivenUp):
            return JOB_TERMINATED
        except BaseException as error:
            report_escaped(self, job, error)
            return JOB_FAILED

    def _have_done(self, job: Any) -> Any:
        messenger = self.scheduler.context.messenger
        messenger.setup_new_action_context(job.action_name, job._message_element_name, job._message_element_key)
        told = _Told(self._replay)
        try:
            reply = self._run(job, self._request(job), told, lambda ticket: self._begun(job, ticket))
        except ProcessFailed as error:
            return self._failed(job, error, told)
        if self._reruns is not None:
            self._blame_again(job, reply.record.findings)
        with self.judge.session.recording() as record:
            record.merge(reply.record)
        self._replies[id(job)] = reply
        if reply.last_error is not None:
            set_last_task_error(*reply.last_error)
        return _ReturnCode(reply.returncode), self._replication.codec.unpack(reply.result)

    def _request(self, job: Any) -> JobRequest:
        return JobRequest(
            self._queues.index(job.queue), job.get_element()._unique_id, job._logfile, job._tries, job._max_retries,
            job._message_element_key, context=self._contexts.get(id(job)),
            kept_locks=frozenset((lock.owner, lock.name) for lock in self._locks[id(job)]),
        )  # fmt: skip

    def _blame_again(self, job: Any, findings: list[Finding]) -> None:
        """Look for lines that were not seen, and show what is found: the job's own messages are said already."""
        assert self._reruns is not None
        if self._reruns.complete(job, findings):
            lines = "\n".join(short_lines(findings))
            job.message(MessageType.INFO, "enforcement: the job ran again to show its lines", detail=lines)

    def _run_again(self, job: Any) -> list[Finding]:
        request = self._request(job)._replace(rerun=True)
        try:
            again = self._run(
                job, request, lambda event: None, lambda ticket: self._interruptible(job, ticket), fresh=True
            )
        except ProcessFailed:
            return []  # it may be the plugin's doing; the first run's results stand
        return again.record.findings

    def _run(
        self,
        job: Any,
        request: JobRequest,
        told: Callable[[bytes], None],
        begun: Callable[[Ticket], None],
        fresh: bool = False,
    ) -> JobReply:
        try:
            result = self._pool.run(pickle.dumps(request), told, begun, fresh, groups=self._locks[id(job)])
            reply: JobReply = pickle.loads(result)
        finally:
            with job._terminate_lock:
                job._thread_id = None
        return reply

    def _begun(self, job: Any, ticket: Ticket) -> None:
        if ticket.worker is None:
            job.message(MessageType.STATUS, f"enforcement: {waits(self._locks[id(job)])}")
        self._known[id(job)] = self._replication.position
        self._interruptible(job, ticket)

    def _interruptible(self, job: Any, ticket: Ticket) -> None:
        """As `Job.child_action` does: from here on the job can be terminated."""
        with job._terminate_lock:
            if job._should_terminate:
                raise TerminateException()
            job._thread_id = _RemoteThread(ticket)

    def _failed(self, job: Any, error: ProcessFailed, told: _Told) -> Any:
        """Its process is gone, and with it what it changed; what it wrote was never put in place."""
        if job._should_terminate or self._ending:
            return JOB_TERMINATED
        with self.judge.session.recording() as record:
            record.note_begin(job.action_name)
            record.errors.append(f"the {job.action_name} job of {job.name} was not judged: {error}")
        fail(job, f"enforcer: {error}", logfile=told.logfile, elapsed=told.elapsed())
        return JOB_FAILED

    def completing(self, job: Any, returncode: Any) -> Any:
        """Apply what the job changed on its own element, before anybody looks at it, and tell the workers."""
        reply, known = self._replies.pop(id(job), None), self._known.pop(id(job), 0)
        self._contexts.pop(id(job), None)
        self._locks.pop(id(job), None)
        if reply is not None:
            self._coverage += reply.coverage
            self._lock_turns.learn(job.get_element(), job.action_name, reply.unkept_locks)
        if reply is None or reply.delta is None:
            return returncode
        start = time.monotonic()
        try:
            self._send_own_changes()
            self._publish(job.get_element(), self._replication.apply_job(reply.delta, known))
        except Exception as error:
            report_escaped(self, job, error)
            return _ReturnCode.PERM_FAIL
        with self.judge.session.recording() as record:
            record.spend(costs.APPLY, time.monotonic() - start)
        return returncode

    def completed(self, job: Any) -> None:
        """After tracking, plugins and core set refs on the main thread, inside of containers too."""
        if job.action_name == "Track":
            self._exact |= {job.get_element(), job.get_element()._get_project()}

    def terminate(self, job_thread: Any) -> bool:
        """Have the worker end what it does."""
        if not isinstance(job_thread, _RemoteThread):
            return False
        self._pool.interrupt(job_thread.ticket)
        return True

    def finish(self) -> None:
        """End all processes, and note what they have to say."""
        self._ignore_signals()
        self._assigned.unwatch()
        self._pool.close(self._retired)
        end_served(self._served)
        job_coverage.add_measured(self._coverage)
        with self.judge.session.recording() as record:
            record.errors += self._pool.losses
            for type_name, count in self._replication.refused.items():
                for opaque in (record.opaque, record.opaque_in_plugins):
                    opaque[f"{type_name}, set by the main thread and not sent to workers"] += count
            traffic = self._pool.traffic
            record.spend(costs.FORK, traffic.fork_seconds)
            record.spend("forks", traffic.forked)
            record.spend("bytes", traffic.request_bytes + traffic.update_bytes + traffic.result_bytes)
        self.judge.finish()
        for said in have_waited(self._pool.waits):
            self.scheduler.context.messenger.message(Message(MessageType.INFO, f"enforcement: {said}"))

    def _retired(self, payload: bytes) -> None:
        last: Record = pickle.loads(payload)
        with self.judge.session.recording() as record:
            record.merge(last)


class _Told:
    """Replays a job's events, and remembers its log file and when it began."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._start = time.monotonic()
        self.logfile: str | None = None

    def __call__(self, event: bytes) -> None:
        name, args = pickle.loads(event)
        if name == "message" and self.logfile is None:
            message: Message = args[0]
            if message.message_type == MessageType.START:
                self.logfile = message.logfile
        self._replay.say(name, args)

    def elapsed(self) -> Any:
        """How long the job has run."""

        return datetime.timedelta(seconds=time.monotonic() - self._start)
