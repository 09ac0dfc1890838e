"""What a forked process does: be a BuildStream that runs one job after the other for its parent.

What the frames of `enforcer.processes.frames` carry is written and read here and in `in_processes`. All of it stays
between processes that were forked from one.

    what      from    bytes
    request   main    pickle of a `JobRequest`
    update    main    8 bytes, network order: the address of the first root of a unit; then a delta for that unit, see
                      `enforcer.graph.delta` (`enforcer.bst.replicas.pending.addressed`)
    event     worker  pickle of (name, arguments), to be said again by `say_NAME` of
                      `enforcer.bst.forked.forwarding.Replay`:
                        message     BuildStream's message, whether it is silenced
                        output      "stdout" or "stderr", bytes
                        flush       "stdout" or "stderr"
                        log_record  a log record whose text is made
                        warning     the warning or its text, its class, file, line
    result    worker  pickle of a `JobReply`
    farewell  worker  pickle of a `Record`: what the last compare of everything has found

A worker applies each update once, in the order of the log: at once in `fork`, when its unit matters in `pool`. Its own
job's delta is no exception: it takes back what the job did, main applies the delta of the reply and publishes it, and
it comes again as an update. Events other than messages are awaited where the stream writes through (see `forwarding`).

An exception that escapes while any of this is written or read in a worker ends that worker, and its job fails; one that
escapes in the job is the job's own result. In main it fails the job.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from buildstream import _exceptions
from buildstream._scheduler.jobs.elementjob import ElementJob
from buildstream._utils import terminate_thread
from buildstream.plugin import Plugin

from enforcer.bst.elements import names
from enforcer.bst.forked import forwarding, inherited
from enforcer.bst.forked.job_coverage import Measuring
from enforcer.bst.judging.comparison import CompareTouched
from enforcer.bst.judging.judge import Judge
from enforcer.bst.observing import events, touches
from enforcer.bst.observing.locks import LockName
from enforcer.bst.publishing.held_refs import HeldResults
from enforcer.bst.replicas import assignments
from enforcer.bst.replicas.pending import Pending
from enforcer.bst.replicas.replication import Replication
from enforcer.bst.runs.scheduler_run import Run
from enforcer.processes.replica import Done, Tell
from enforcer.results import costs
from enforcer.results.record import Record


class JobRequest(NamedTuple):
    """What a worker needs to know to make a scheduler's job anew.

    Attributes:
        queue: the index of the job's queue among those of the scheduler; it has the action.
        element: the unique id of its element.
        logfile: the template of the name of its log file, as the scheduler has it.
        tries: which try it is, and `max_retries` how many more there may be.
        key: the element's key as messages show it.
        rerun: the job has run already, and is only to show which lines change what.
        context: what coverage calls the context of the test that runs in main, if it does.
        kept_locks: the locks of plugins to which no other job comes meanwhile.
    """

    queue: int
    element: int
    logfile: str | None
    tries: int
    max_retries: int
    key: Any
    rerun: bool = False
    context: str | None = None
    kept_locks: frozenset[LockName] = frozenset()


class JobReply(NamedTuple):
    """How a job ended.

    Attributes:
        returncode: BuildStream's.
        result: what the action returned, packed by `Codec.pack`.
        delta: what the job changed on its own element, see `enforcer.graph.delta`; None if nothing, or nothing counts.
        record: what was seen.
        last_error: domain and reason of the last task error, if there was one.
        coverage: what coverage measured, a byte string for each of its instances.
        unkept_locks: the locks of plugins that it used and that are not among the kept ones.
    """

    returncode: Any
    result: bytes
    delta: bytes | None
    record: Record
    last_error: tuple[Any, Any] | None
    coverage: list[bytes]
    unkept_locks: list[LockName]


class BstReplica:
    """See `enforcer.processes.replica.Replica`.

    Args:
        lazy: whether what main sends waits until a job has to do with it.
        become: replaces, in a forked process, what happens at the seams.
    """

    def __init__(
        self,
        judge: Judge,
        replication: Replication,
        pending: Pending,
        lazy: bool,
        scheduler: Any,
        queues: list[Any],
        become: Callable[[Run], None],
    ) -> None:
        self._judge = judge
        self._replication = replication
        self._pending = pending
        self._lazy = lazy
        self._scheduler = scheduler
        self._queues = queues
        self._become = become
        self._job: Any = None

    def settle(self, role: str) -> None:
        """Let go of what is the parent's."""
        context = self._scheduler.context
        if role == "pristine":
            self._measuring = Measuring()
            forwarding.get_ready()
            assignments.unwatch_all()
            inherited.reset(context)
            touches.hook()
            events.listen()
            self._judge.session.take()
            self._become(_WorkerRun(self._scheduler, self._judge))
        else:
            self._forwarding = forwarding.Forwarding(context.messenger)
            inherited.handle_signals(ending=self._forwarding.mute)
            self._judge.publication.results = HeldResults(context)
            self._comparison.settle()
        self._comparison.take_over_shared()
        if role == "pristine":
            self._comparison.get_ready()
            settings = self._judge.session.settings
            if settings.follows_lines:  # once, for all workers
                _ = self._judge.searches.reach_of_all if settings.follows_all else self._judge.searches.reach

    def catch_up(self, updates: Sequence[bytes]) -> None:
        """Take what main has sent."""
        with self._judge.session.spending(costs.CATCH_UP):
            self._pending.add(updates)
            if not self._lazy:
                self._pending.apply_all()

    def run(self, request: bytes, tell: Tell) -> Done:
        """Make the job anew and run it as the scheduler's thread would."""
        asked = JobRequest(*pickle.loads(request))
        if asked.rerun:
            return self._run_once_more(asked)
        self._forwarding.tell = tell
        return self._run(asked)

    def _run_once_more(self, request: JobRequest) -> Done:
        """Nobody hears or gets anything of it but what was found, and this process runs no other job."""
        self._pending.apply_all()
        self._judge.rerun = True
        done = self._run(request._replace(logfile=self._judge.publication.results.scrap("log")))
        self._comparison.since_full_compare.jobs = []
        return done._replace(reusable=False)

    def _run(self, request: JobRequest) -> Done:
        job = self._make_job(request)
        # No patch: their values are those of one job, as stock's are.
        _exceptions._last_task_error_domain = _exceptions._last_task_error_reason = None
        self._job = job
        self._judge.kept_locks = request.kept_locks
        start = time.monotonic()
        context = request.context and f"{request.context}|{names.full_name(job.get_element())}|{job.action_name}"
        try:
            with self._measuring.job(context) as coverage:
                if self._measuring.active:  # which hooks itself into the process, as it did in main
                    self._judge.run_graph.graph.take_over(self._judge.run_graph.process.state)
                returncode, result = job.child_action()
        finally:
            self._job = None
        with self._judge.session.recording() as record:
            record.spend("action", time.monotonic() - start)
        comparison = self._comparison
        domain, reason = _exceptions._last_task_error_domain, _exceptions._last_task_error_reason
        last_error = None if domain is None and reason is None else (domain, reason)
        packed = self._replication.codec.pack(result)
        record = self._judge.session.take()
        unkept = self._judge.unkept_locks
        reply = JobReply(returncode, packed, comparison.delta, record, last_error, coverage, unkept)
        return Done(pickle.dumps(reply), self._judge.reusable and comparison.clean)

    @property
    def _comparison(self) -> CompareTouched:
        assert isinstance(self._judge.comparison, CompareTouched)
        return self._judge.comparison

    def _make_job(self, request: JobRequest) -> Any:
        queue, element = self._queues[request.queue], Plugin._lookup(request.element)
        job = ElementJob(
            self._scheduler,
            queue.action_name,
            request.logfile,
            element=element,
            queue=queue,
            action_cb=queue.get_process_func(),
            complete_cb=queue._job_done,
            max_retries=request.max_retries,
        )
        job._tries = request.tries
        job.set_message_element_key(request.key)
        return job

    def interrupt(self) -> None:
        """As `Job.terminate` does in its own process."""
        job = self._job
        if job is None:
            return
        with job._terminate_lock:
            job._should_terminate = True
            thread = job._thread_id
        if thread is not None:
            terminate_thread(thread)

    def retire(self, tell: Tell) -> bytes:
        """Compare everything a last time."""
        self._forwarding.tell = tell
        self._judge.sweep()
        self._judge.publication.results.close()
        return pickle.dumps(self._judge.session.take())


class _WorkerRun(Run):
    """A `Run` for a worker: its jobs are judged, one at a time, and nothing is scheduled here."""

    def __init__(self, scheduler: Any, judge: Judge) -> None:
        self.scheduler = scheduler
        self.judge = judge
