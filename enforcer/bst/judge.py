"""One job: what was there before, its action, what changed, and the verdict."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple

from buildstream._exceptions import BstError, ErrorDomain
from buildstream._message import MessageType
from buildstream._signals import TerminateException

from enforcer.bst import names
from enforcer.bst.core_fills import Fill, fill_of
from enforcer.bst.evidence import Describer, UniqueKeys, job_of
from enforcer.bst.leaks import Leaks, Running, left_running, running
from enforcer.bst.results import HeldResults
from enforcer.bst.touches import Touches
from enforcer.bst.world import World, sources_of, vars_of
from enforcer.config import Mode
from enforcer.findings import Finding, Job
from enforcer.graph.compare import ChangedCell
from enforcer.graph.unit import Unit
from enforcer.reports.message import finding_lines
from enforcer.rules.evidence import Change, Drift, Evidence
from enforcer.rules.registry import judge
from enforcer.session import Session

_RUNS_PLUGIN_CODE = ("Track", "Fetch", "Build")


class EnforcementError(BstError):  # type: ignore[misc]  # BuildStream is not checked
    """The verdict on a job that changed what is not its own; BuildStream reports it as that job's failure."""

    def __init__(self, summary: str, detail: str, reason: str) -> None:
        super().__init__(summary, detail=detail, domain=ErrorDomain.ELEMENT, reason=reason, temporary=False)


class Judge:
    """Judges the jobs of one scheduler run, one at a time."""

    def __init__(self, session: Session, scheduler: Any) -> None:
        self.session = session
        self._scheduler = scheduler
        self.world = World(scheduler.context)
        self.results = HeldResults(scheduler.context)
        self._prepared: _Prepared | None = None
        self._late = LateThreads()

    def prepare(self, job: Any) -> None:
        """Look at everything before `job`'s action, while nothing else runs.

        What the main thread did since the last job becomes the state to compare with.
        """
        self.world.graph.refresh()
        element = job.get_element()
        own = self.world.unit_of(element)
        now = running()
        self._prepared = _Prepared(own, UniqueKeys(element), now, self._late.alive(now))

    def run(self, job: Any, action: Callable[[], Any]) -> Any:
        """Run `action` and judge it: its result or exception comes out, or an `EnforcementError`."""
        prepared, self._prepared = self._prepared, None
        assert prepared is not None, "prepare() runs before each action"
        trial = _Trial(self.session, self.world, self._scheduler, job, prepared)
        with ExitStack() as stack:
            if trial.strict:
                stack.enter_context(self.results.holding())
            outcome = trial.run_action(action)
            try:
                failing = trial.verdict()
                self._late.add(trial.job, trial.leaks)
            except Exception as error:
                # Ours: it must end this job, not hang the scheduler.
                raise self._our_failure(trial.job, error) from error
            if failing and not isinstance(outcome.error, TerminateException):
                raise _verdict_error(failing, outcome.error)
            if trial.strict and not failing:
                self.results.commit()
            return outcome.deliver()

    def _our_failure(self, job: Job, error: Exception) -> EnforcementError:
        text = "".join(traceback.format_exception(error))
        with self.session.recording() as record:
            record.errors.append(f"could not judge the {job.action} job of {job.element}: {error!r}")
        return EnforcementError(f"enforcer: could not judge this job: {error!r}", text, "enforcement-failed")

    def finish(self) -> None:
        """The scheduler run is over: note what was there and what was cached."""
        self.results.close()
        with self.session.recording() as record:
            record.cells = max(record.cells, self.world.graph.cell_count())
            record.opaque |= self.world.graph.opaque()
            for element in self.world.elements:
                name = names.full_name(element)
                record.elements.add(name)
                if name not in record.exercised and _is_cached(element):
                    record.cached.add(name)


def _is_cached(element: Any) -> bool:
    artifact = vars_of(element).get("_Element__artifact")
    return artifact is not None and bool(vars_of(artifact).get("_cached"))


def _verdict_error(failing: list[Finding], error: BaseException | None) -> EnforcementError:
    lines = [line for finding in failing for line in finding_lines(finding)]
    if error is not None:
        lines.append(f"The job itself failed too: {error}")
    count = len(failing)
    summary = f"enforcement strict: {count} change{'s' if count > 1 else ''} outside of the job's own element"
    return EnforcementError(summary, "\n".join(lines), f"enforcement-{failing[0].rule}")


class LateThreads:
    """Threads that jobs left running: what changes later, where no plugin code of the job reached, may be theirs."""

    def __init__(self) -> None:
        self._left: list[tuple[Job, frozenset[int]]] = []

    def add(self, job: Job, leaks: Leaks) -> None:
        """Remember what `job` left."""
        if leaks.idents:
            self._left.append((job, leaks.idents))

    def alive(self, now: Running) -> list[Job]:
        """The jobs of which a thread still runs, oldest first."""
        return [job for job, idents in self._left if idents & now.threads]


class _Prepared(NamedTuple):
    """What was seen before the action."""

    own: Unit
    keys: UniqueKeys
    running: Running
    late: list[Job]


class _Outcome:
    """How the action ended."""

    def __init__(self, result: Any = None, error: BaseException | None = None) -> None:
        self.result = result
        self.error = error

    def deliver(self) -> Any:
        """Return or raise it, as the action did."""
        if self.error is not None:
            raise self.error
        return self.result


class _Trial:
    """The judgement of one try of one job."""

    def __init__(self, session: Session, world: World, scheduler: Any, job: Any, prepared: _Prepared) -> None:
        self._session = session
        self._world = world
        self._scheduler = scheduler
        self._bst_job = job
        self._prepared = prepared
        self._drifts: tuple[Drift, ...] = ()
        self.leaks = Leaks((), ())
        self._touches = Touches(world, prepared.own)
        self.job = job_of(job)
        settings = session.settings
        self.strict = settings.mode is Mode.STRICT and not settings.collect
        with session.recording() as record:
            record.jobs += 1

    def run_action(self, action: Callable[[], Any]) -> _Outcome:
        """The action, and the second look at the unique keys, which is judged with it."""
        try:
            with self._touches.watching():
                result = action()
                self._drifts = self._prepared.keys.drifts(self.job)
                outcome = _Outcome(result)
        except BaseException as error:
            outcome = _Outcome(error=error)
        self._shield()
        return outcome

    def _shield(self) -> None:
        """From here on the scheduler cannot interrupt this thread: the action is over, and we must not be."""
        with self._bst_job._terminate_lock:
            self._bst_job._thread_id = None

    def verdict(self) -> list[Finding]:
        """Compare, undo, record; returns the findings that fail the job."""
        self.leaks = left_running(self._prepared.running, self._scheduler.loop._default_executor)
        changed = self._world.graph.changed()
        own = [cell for cell in changed if cell.unit is self._prepared.own]
        foreign = [cell for cell in changed if cell.unit is not self._prepared.own]
        violating, fills = self._sort(foreign)
        findings, late = self._judge(violating)
        failing = [finding for finding in findings if self._session.classify(finding)]
        if failing:
            self._forget_own(own)
        else:
            self._world.graph.accept(own)
        self._world.graph.accept(fills)
        for finding in late:
            self._session.classify(finding)
        self._record(findings, late, bool(failing))
        return failing

    def _judge(self, violating: list[ChangedCell]) -> tuple[list[Finding], list[Finding]]:
        """The findings on this job, and those on an earlier one that left a thread which can have done it."""
        described = self._describe(violating)
        suspects = self._prepared.late
        reached = [change for unit, change in described if not suspects or self._touches.obtained(unit)]
        findings = judge(self._evidence(self.job, reached, self.leaks, self._drifts))
        unreached = [change for _, change in described if change not in reached]
        late = judge(self._evidence(suspects[-1], unreached, Leaks((), ()), ())) if unreached else []
        for finding in late:
            finding.candidates = [*suspects, self.job]
        return findings, late

    def _sort(self, foreign: list[ChangedCell]) -> tuple[list[ChangedCell], list[ChangedCell]]:
        """Split into violations and listed core fills; a cell with both counts for both."""
        violating: list[ChangedCell] = []
        filled: list[ChangedCell] = []
        for cell in foreign:
            fills: list[tuple[Any, Fill]] = []
            rest = []
            for change in cell.changes:
                fill = fill_of(change, self.job)
                if fill is None:
                    rest.append(change)
                else:
                    fills.append((change, fill))
            if fills:
                self._count(fill for _, fill in fills)
                filled.append(cell)
            if rest:
                kept = [change for change, _ in fills]
                violating.append(_without(cell, tuple(rest), kept))
        return violating, filled

    def _count(self, fills: Any) -> None:
        with self._session.recording() as record:
            record.core_fills.update(fill.name for fill in fills)

    def _describe(self, violating: list[ChangedCell]) -> list[tuple[Unit, Change]]:
        """Describe the changes, then undo them."""
        describer = Describer(self._world, self._bst_job.get_element(), self._touches)
        described = [(cell, describer.change(cell, change)) for cell in violating for change in cell.changes]
        stuck = {id(cell.cell) for cell in self._world.graph.undo(violating)}
        return [(cell.unit, replace(change, undone=id(cell.cell) not in stuck)) for cell, change in described]

    def _evidence(self, job: Job, changes: list[Change], leaks: Leaks, drifts: tuple[Drift, ...]) -> Evidence:
        element = self._bst_job.get_element()
        directory = element._get_project().directory
        file = names.plugin_file(type(element))
        shown = names.shown_file(file, directory) if file else None
        return Evidence(job, tuple(changes), leaks.threads, leaks.processes, drifts, shown)

    def _forget_own(self, own: list[ChangedCell]) -> None:
        """Nothing that a violating job says of its own element counts, as nothing that it wrote does."""
        self._world.graph.undo(own)
        if self.job.action == "Build":
            # As stock leaves it after a failed build: a success from before must not speak for this one.
            element = self._bst_job.get_element()
            object.__setattr__(element, "_Element__build_result", (False, "enforcement strict", None))
            self._world.graph.refresh()

    def _record(self, findings: list[Finding], late: list[Finding], failed: bool) -> None:
        with self._session.recording() as record:
            record.checked += 1
            if self.job.action in _RUNS_PLUGIN_CODE:
                record.exercised.add(self.job.element)
            record.findings += findings + late
            if failed and self.job.action in ("Fetch", "Track"):
                record.left_behind.update(_mirror_folders(self._bst_job.get_element()))
        told = [finding for finding in findings + late if not (failed and finding in findings)]
        if told:
            self._warn(told)

    def _warn(self, findings: list[Finding]) -> None:
        lines = [line for finding in findings for line in finding_lines(finding)]
        mode = self._session.settings.mode.value
        self._bst_job.message(
            MessageType.WARN, f"enforcement {mode}: changes outside of the job's own element", detail="\n".join(lines)
        )


def _without(cell: ChangedCell, changes: tuple[Any, ...], kept: list[Any]) -> ChangedCell:
    """`cell` with only these changes; what it is restored to keeps the entries of `kept`."""
    before = [entry for entry in cell.before if not any(entry[0] is change.name for change in kept)]
    before += [(change.name, change.after) for change in kept]
    return replace(cell, changes=changes, before=before if kept else cell.before)


def _mirror_folders(element: Any) -> set[str]:
    """Where the plugins of an element's sources keep what they download: out of our reach."""
    return {f"sources/{source.get_kind()}" for source in sources_of(element)}
