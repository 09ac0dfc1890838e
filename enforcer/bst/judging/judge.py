"""Judge the jobs of one scheduler run: prepare, try, deliver the verdict as BuildStream expects one."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from buildstream._exceptions import BstError, ErrorDomain
from buildstream._signals import TerminateException

from enforcer.bst.accesses.recording import Known
from enforcer.bst.elements import names
from enforcer.bst.elements.parts import dependencies_of
from enforcer.bst.elements.process.reading import RANDOM
from enforcer.bst.elements.process.units import begin_in_thread, end_in_thread
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.judging.attempt import Attempt, Outcome, Prepared
from enforcer.bst.judging.comparison import Comparison
from enforcer.bst.judging.describing import job_of
from enforcer.bst.judging.publication import Publication
from enforcer.bst.judging.turns import not_bundled
from enforcer.bst.judging.unique_keys import UniqueKeys
from enforcer.bst.judging.verdict import Verdict, summary
from enforcer.bst.observing.late import Late
from enforcer.bst.observing.left_running import running
from enforcer.bst.observing.locks import LockName
from enforcer.bst.observing.older_threads import OlderThreads
from enforcer.bst.observing.searches import PluginSearches
from enforcer.errors import EnforcerError
from enforcer.graph.in_use import InUse
from enforcer.graph.values import vars_of
from enforcer.reports.message import short_lines
from enforcer.results import costs
from enforcer.results.findings import Finding, Job
from enforcer.session import Session


class EnforcementError(BstError):  # type: ignore[misc]  # BuildStream is not checked
    """The verdict on a job that changed what is not its own; BuildStream reports it as that job's failure."""

    def __init__(self, text: str, detail: str, reason: str) -> None:
        super().__init__(text, detail=detail, domain=ErrorDomain.ELEMENT, reason=reason, temporary=False)


class Judge:
    """Judges the jobs of one scheduler run, one at a time.

    Attributes:
        reusable: False when something of a job is left in this process that could change a later job's verdict.
        rerun: whether jobs have run before, and run only to see which lines change what: nothing of them counts.
        kept_locks: the locks of plugins to which no other job comes meanwhile; None where locks do their work.
        unkept_locks: those that the last job used all the same.
        late: what jobs have left running.
        unfollowed: which threads beside those of jobs may be a plugin's; None where lines of all are seen.
    """

    def __init__(self, session: Session, scheduler: Any, run_graph: RunGraph, comparison: Comparison) -> None:
        self.session = session
        self._scheduler = scheduler
        self.run_graph = run_graph
        self.searches = PluginSearches(run_graph)
        self.accesses = Known(run_graph) if session.settings.access else None
        self.comparison = comparison
        self.publication = Publication(session, scheduler.context, comparison)
        self.reusable = True
        self.rerun = False
        self.kept_locks: frozenset[LockName] | None = None
        self.unkept_locks: list[LockName] = []
        self._verdict: Verdict | Exception | None = None
        self.late = Late()
        self.unfollowed: OlderThreads | None = None
        self._last: Verdict | None = None
        self._note_graph()
        self._refuse_shared_cache()

    def _refuse_shared_cache(self) -> None:
        """Test processes that pytest-xdist runs side by side must not meet in one cache: outcomes would be luck."""
        if os.environ.get("PYTEST_XDIST_WORKER") and self.publication.results.siblings():
            with self.session.recording() as record:
                record.errors.append(
                    "two test processes build in one BuildStream cache at the same time: give each a cache of its own, "
                    "with XDG_CACHE_HOME or a cachedir in its configuration"
                )

    def prepare(self, job: Any) -> None:
        """Look at everything before `job`'s action, while nothing else runs.

        What the main thread did since the last job becomes the state to compare with. A failure
        is kept until `run`, where BuildStream takes it for the job's own.
        """
        with self.session.spending(costs.CHECK):
            try:
                self._verdict = self._look(job)
            except Exception as error:
                self._verdict = error

    def _look(self, job: Any) -> Verdict:
        element = job.get_element()
        own = self.run_graph.unit_of(element)
        # First: what other jobs have left in their threads is no change of this one's.
        self.run_graph.policy.thread_state.begin()
        RANDOM.begin()
        found_early = self.comparison.before(own)
        now = running()
        self.late.look(now)
        keys = UniqueKeys(element, self.run_graph.file_names)
        unfollowed = self._has_unfollowed(now.threads)
        prepared = Prepared(own, keys, now, self.late, self.late.leakers, unfollowed, found_early, InUse(own))
        self.unkept_locks = []
        attempt = Attempt(
            self.session,
            self.run_graph,
            self.searches,
            job,
            prepared,
            self.comparison.reached,
            self.rerun,
            self.kept_locks,
            self.accesses,
        )
        verdict = Verdict(self.session, self.run_graph, self.searches, self.comparison, attempt)
        verdict.before_action()
        return verdict

    def _has_unfollowed(self, threads: frozenset[int]) -> bool:
        return self.unfollowed is not None and self.unfollowed.run(threads, self.late.threads, self._executor())

    def _executor(self) -> object:
        """Of the scheduler, the one in whose threads jobs run where they are threads."""
        return getattr(self._scheduler.loop, "_default_executor", None)

    def run(self, job: Any, action: Callable[[], Any]) -> Any:
        """Run `action` and judge it: its result or exception comes out, or an `EnforcementError`."""
        verdict, self._verdict = self._verdict, None
        if not isinstance(verdict, Verdict):
            raise self._our_failure(job_of(job), verdict or RuntimeError("prepare() did not run"))
        attempt = verdict.attempt
        with ExitStack() as stack:
            stack.enter_context(self.publication.results.holding())
            self._begin(verdict, job)
            self._last = verdict
            begin_in_thread()
            self.run_graph.process.patched.begin()
            try:
                outcome = attempt.run_action(action)
                with self.session.spending(costs.CHECK):
                    failing = self._judged(verdict)
            finally:
                end_in_thread()
            if failing and not isinstance(outcome.error, TerminateException):
                raise _verdict_error(failing, outcome.error)
            if not failing and not self.rerun:
                self._commit(verdict, job)
            return self._deliver(attempt.job, outcome)

    def _judged(self, verdict: Verdict) -> list[Finding]:
        """What fails the job now that its action is over."""
        attempt = verdict.attempt
        try:
            failing = verdict.after_action(self._executor())
            self.late.add(attempt.job, attempt.leaks)
            self.unkept_locks = attempt.unkept_locks
        except Exception as error:
            # Ours: it must end this job, not hang the scheduler.
            self.reusable = False
            raise self._our_failure(attempt.job, error) from error
        left = attempt.leaks.threads or attempt.leaks.processes or attempt.left_open.descriptors
        self.reusable = self.reusable and not (verdict.stuck or left)
        self.publication.doubt(verdict)
        return failing

    def note_pull(self) -> None:
        """The sources of the job that runs came from a remote cache."""
        if self._last is not None:
            self._last.attempt.pulled = True

    def sweep(self) -> None:
        """Compare everything, in a replica that will run no further job; record what is found."""
        if self._last is None or not self.comparison.since_full_compare.jobs:
            return
        try:
            with self.session.spending(costs.CHECK):
                doubted = self._last.at_retirement()
            if doubted:
                self.publication.doubt(self._last)
        except Exception as error:  # ours, or a rule's: the jobs are done
            with self.session.recording() as record:
                record.errors.append(
                    f"could not judge what jobs had left when their worker retired: {_in_words(error)}"
                )

    def _deliver(self, job: Job, outcome: Outcome) -> Any:
        """The action's result or error, but for what would leave the thread and hang stock's scheduler."""
        error = outcome.error
        if error is None:
            return outcome.result
        if isinstance(error, (Exception, TerminateException)):
            raise error
        text = "".join(traceback.format_exception(error))
        raise EnforcementError(f"this job ended with {names.in_words(error)}", text, "enforcement-escaped") from error

    def _begin(self, verdict: Verdict, bst_job: Any) -> None:
        element = bst_job.get_element()
        try:
            self.publication.begin(verdict, element)
            mark = self.publication.refused_push(verdict, element)
        except OSError as error:
            raise self._our_failure(verdict.attempt.job, error) from error
        if mark is not None:
            text = "enforcement strict: not pushed, as it was made by or with the work of a job that broke a rule"
            raise EnforcementError(text, f"{mark.reason}: build it again first", "enforcement-tainted")

    def _commit(self, verdict: Verdict, bst_job: Any) -> None:
        try:
            self.publication.commit(verdict, bst_job.get_element())
        except OSError as error:  # a full disk, say
            raise self._our_failure(verdict.attempt.job, error) from error

    def _our_failure(self, job: Job, error: Exception) -> EnforcementError:
        text = "".join(traceback.format_exception(error))
        why = _in_words(error)
        with self.session.recording() as record:
            record.errors.append(f"could not judge the {job.action} job of {job.element}: {why}")
        return EnforcementError(f"enforcer: could not judge this job: {why}", text, "enforcement-failed")

    def finish(self) -> None:
        """The scheduler run is over: note what was cached. Never raises: the build is done."""
        try:
            self.publication.close()
            self._note_elements()
        except Exception as error:
            with self.session.recording() as record:
                record.errors.append(f"could not finish looking at the element graph: {names.in_words(error)}")

    def _note_graph(self) -> None:
        """Count what there is to look at; at the start, since later it depends on the order of the jobs."""
        # What is loaded in the process is another thing in each test process, and the report is to be the same.
        beside = list(self.run_graph.process.units())
        cells, opaque = self.run_graph.graph.cell_count(beside), self.run_graph.graph.opaque()
        files = self.run_graph.file_names.places(self.run_graph.plugin_files)
        codes = self.searches.codes if self.session.settings.coverage else None
        with self.session.recording() as record:
            record.files |= files
            record.cells = max(record.cells, cells)
            record.opaque |= opaque
            record.opaque_in_plugins |= self.run_graph.opaque_in_plugins()
            record.opaque_places |= self.run_graph.opaque_places()
            if codes is not None:
                record.coverage.code.update(codes.code)
                record.incomplete_reasons.update(
                    f"which code of {file} ran is not known: it is no text" for file in codes.unread
                )

    def _note_elements(self) -> None:
        plugins = not_bundled(self.run_graph.elements)
        with self.session.recording() as record:
            record.plugins |= plugins
            for element in self.run_graph.elements:
                name = names.full_name(element)
                record.note_element(name, _kind(element), map(names.full_name, dependencies_of(element)))
                if name not in record.exercised and _is_cached(element):
                    record.cached.add(name)


def _kind(element: Any) -> str:
    return str(vars_of(element).get("_Plugin__kind", ""))


def _in_words(error: Exception) -> str:
    return names.in_words(error, str if issubclass(type(error), EnforcerError) else repr)


def _is_cached(element: Any) -> bool:
    artifact = vars_of(element).get("_Element__artifact")
    return artifact is not None and bool(vars_of(artifact).get("_cached"))


def _verdict_error(failing: list[Finding], error: BaseException | None) -> EnforcementError:
    lines = short_lines(failing)
    if error is not None:
        lines.append(f"The job itself failed too: {names.in_words(error, str)}")
    return EnforcementError(summary("strict", failing), "\n".join(lines), f"enforcement-{failing[0].rule}")
