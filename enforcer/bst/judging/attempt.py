"""One try of one job: its action under watch, and everything that was seen of it but the changed graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from time import monotonic
from types import ModuleType
from typing import Any, NamedTuple

from buildstream._exceptions import SkipJob

from enforcer.blame.mentions import first_mention_of_function, first_use_of_imported, has_word, text_of
from enforcer.bst.accesses.recording import JobAccesses, Known
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.judging.aside import aside
from enforcer.bst.judging.describing import job_of, modules_of
from enforcer.bst.judging.unique_keys import UniqueKeys
from enforcer.bst.observing.late import Late
from enforcer.bst.observing.launches import Launches
from enforcer.bst.observing.left_open import NOTHING_OPEN, AllLeftOpen, LeftOpenSearch
from enforcer.bst.observing.left_running import NO_LEAKS, Running, left_running
from enforcer.bst.observing.lines_run import RunningCode
from enforcer.bst.observing.locks import LockName, Use
from enforcer.bst.observing.makers import Makers
from enforcer.bst.observing.openings import Openings, open_descriptors
from enforcer.bst.observing.searches import PluginSearches
from enforcer.bst.observing.starts import Starts
from enforcer.bst.observing.touches import Touches
from enforcer.graph.compare import ChangedCell
from enforcer.graph.in_use import InUse
from enforcer.graph.unit import Unit
from enforcer.results import costs
from enforcer.results.findings import Job
from enforcer.rules.evidence import Drift
from enforcer.session import Session

_CAN_DRIFT = ("Fetch", "Build")
"""The jobs that run plugin code and are to leave unique keys alone: tracking changes them by right."""


class Prepared(NamedTuple):
    """What was seen before the action.

    Attributes:
        own: the unit of the job's element.
        keys: its unique keys.
        running: the threads and processes that ran.
        late: what earlier jobs have left running.
        leakers: those of them of which a thread still ran.
        unfollowed: whether another thread ran that may be a plugin's, and of which no line may be seen.
        found_early: what they or others had changed, where nobody looked, of what the job was about to see.
        in_use: the opaque objects of its element.
    """

    own: Unit
    keys: UniqueKeys
    running: Running
    late: Late
    leakers: list[Job]
    unfollowed: bool
    found_early: list[ChangedCell]
    in_use: InUse


class Outcome(NamedTuple):
    """How the action ended."""

    result: Any = None
    error: BaseException | None = None

    @property
    def skipped(self) -> bool:
        """Whether the action has found nothing to do."""
        return issubclass(type(self.error), SkipJob)

    @property
    def failed(self) -> bool:
        """Whether it has failed by itself."""
        return issubclass(type(self.error), Exception) and not self.skipped


class Attempt:
    """One try of one job.

    Args:
        reached: is called before the action sees something of a foreign unit.
        rerun: whether the job has run before, and runs only to see which lines change what.
        kept_locks: the locks of plugins to which no other job comes meanwhile; None where locks do their work.
        accesses: records what is read and written, if that was asked for.

    Attributes:
        job: the job as a value.
        bst_job: BuildStream's.
        makers: tells which plugin ran.
        touches: the units that the action reached, and the lines that wrote.
        lines: the lines of plugin code that it ran; None when nobody asks.
        accesses: what it read and wrote; None when nobody asks.
        starts: the lines that started threads and processes.
        launches: those that started processes in other ways, and threads past Python's class of them.
        locks: the locks of modules and classes that it used.
        unkept_locks: those of them that are not among the kept ones, once that was looked at.
        outcome: how the action ended, once it has.
        drifts: unique keys that are not what they were, once they were asked for.
        patched: what it put in the place of functions of libraries; that is taken off already.
        leaks: what it left running, once that was looked for.
        openings: what was opened while the action ran.
        left_open: what it left open, once that was looked for.
        pulled: whether the action got the element's sources from a remote cache, so that no plugin had to fetch them.
    """

    def __init__(
        self,
        session: Session,
        run_graph: RunGraph,
        searches: PluginSearches,
        bst_job: Any,
        prepared: Prepared,
        reached: Callable[[Unit], None],
        rerun: bool,
        kept_locks: frozenset[LockName] | None,
        accesses: Known | None,
    ) -> None:
        settings = session.settings
        self._session = session
        self._run_graph = run_graph
        self._reached = reached
        self._searches = searches
        self.bst_job = bst_job
        self.job = job_of(bst_job)
        self.prepared = prepared
        self.makers = Makers(
            bst_job.get_element(),
            run_graph.plugin_files,
            run_graph.third_party_files,
            self.job.action,
            run_graph.file_names.shown,
        )
        late = prepared.late
        self.touches = Touches(run_graph, searches, prepared.own, reached, self.makers, settings, rerun, late.threads)
        self.lines = RunningCode(searches.codes) if settings.coverage and not rerun else None
        self.accesses = JobAccesses(accesses, prepared.late.threads) if accesses is not None and not rerun else None
        self.starts = Starts(run_graph.plugin_files, self.makers, late)
        files = run_graph.plugin_files if self.touches.live else ()
        self.launches = Launches(files, self.makers, lambda name: first_use_of_imported(self._plugin_modules, name))
        self.locks: list[Use] = []
        self.kept_locks = kept_locks
        self.unkept_locks: list[LockName] = []
        self.outcome = Outcome()
        self.drifts: tuple[Drift, ...] = ()
        self.leaks = NO_LEAKS
        starts, lines = self.starts, self.touches.live is not None
        self.openings = Openings(run_graph.plugin_files, self.makers, starts.is_in_plugins_thread, lines)
        self.left_open = NOTHING_OPEN
        self._open_before: frozenset[int] = frozenset()
        self.patched: list[ChangedCell] = []
        self.pulled = False

    @cached_property
    def _plugin_modules(self) -> list[ModuleType]:
        """Of the job's element and its sources; asked for only where something was left."""
        return modules_of(self.bst_job.get_element())

    def run_action(self, action: Callable[[], Any]) -> Outcome:
        """The action, watched."""
        with self._session.recording() as record:
            record.note_begin(self.job.action)
        self._open_before = open_descriptors()
        start = monotonic()
        try:
            with (
                nullcontext() if self.lines is None else self.lines.watching(),
                nullcontext() if self.accesses is None else self.accesses.watching(),
                self.touches.watching(),
                self.starts.watching(),
                self.launches.watching(),
                self._searches.locks.watching(self.makers.running) as self.locks,
                self.openings.watching(),
            ):
                self.outcome = Outcome(self._act(action))
        except BaseException as error:
            self.outcome = Outcome(error=error)
        # From here on all names mean what they did before.
        live, process = self.touches.live, self._run_graph.process
        seen = live is not None and live.saw_change_of(process.libraries)
        self.patched = process.patched.take_off(seen, self._ran_others_code())
        self._shield()
        self._note_costs(monotonic() - start)
        return self.outcome

    def _ran_others_code(self) -> bool:
        """Whether code can have run that does not come with BuildStream: only that replaces functions of libraries."""
        run_graph, touched = self._run_graph, tuple(self.touches.units)
        return any(map(run_graph.has_others_code, (self.prepared.own, *touched, *run_graph.evading)))

    def _act(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        finally:
            self._run_graph.process.patched.end()

    def _note_costs(self, seconds: float) -> None:
        """Of this try, which took so long with all that was noted meanwhile."""
        live = self.touches.live
        with self._session.recording() as record:
            watching = (each.seconds for each in (live, self.accesses) if each is not None)
            record.spend(costs.JOB_SECONDS, seconds - sum(watching))
            if live is not None and live.followed:
                record.spend(costs.LINES, live.seconds)
                record.spend(costs.FOLLOWED_JOBS, 1)
                record.spend(costs.GIVEN_UP_JOBS, live.gave_up)
                record.spend(costs.FOLLOWED_LINES, live.budget.lines)
                record.spend(costs.FOLLOWED_CELLS, live.budget.cells)

    def _shield(self) -> None:
        """From here on the scheduler cannot interrupt this thread: the action is over, and we must not be."""
        with self.bst_job._terminate_lock:
            self.bst_job._thread_id = None

    def look_for_drifts(self, changed: Iterable[ChangedCell]) -> list[ChangedCell]:
        """Note which unique keys are others now, `changed` being all that the job has changed.

        Returns what could not be taken back of what the plugins changed when they were asked.
        """
        keys = self.prepared.keys
        if self.outcome.error is not None or self.job.action not in _CAN_DRIFT:
            return []
        if keys.are_made_by_core():
            self.drifts = keys.drifts(self.touches)
            return []
        with aside(self._run_graph, self.prepared.own, self._touches_aside(), changed) as stuck:
            self.drifts = keys.drifts(self.touches)
        return stuck

    def _touches_aside(self) -> Touches:
        settings = replace(self._session.settings, blame="off")
        own = self.prepared.own
        return Touches(self._run_graph, self._searches, own, self._reached, self.makers, settings)

    def look_for_leaks(self, executor: object) -> None:
        """Note what it left running beside the threads of the scheduler's own `executor`, and open; gives it time."""
        prepared = self.prepared
        self.leaks = left_running(prepared.running, executor, self.starts.is_plugins, prepared.late)
        # The frames that an exception goes through hold what their variables do until BuildStream has told it.
        if self.outcome.error is None or self.outcome.skipped:
            self.left_open = self._look_for_open()

    def _look_for_open(self) -> AllLeftOpen:
        return LeftOpenSearch(
            self._open_before,
            self.openings,
            self.starts,
            self.leaks,
            lambda pid: self.launches.place_of(pid, ""),
            self.prepared.late.threads,
            lambda name: first_mention_of_function(self._plugin_modules, name),
            self._run_graph.file_names.shown,
            lambda word: any(has_word(text, word) for text in (self.job.element, *map(text_of, self._plugin_modules))),
        ).look()
