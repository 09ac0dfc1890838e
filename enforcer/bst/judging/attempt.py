"""One try of one job: its action under watch, what changed, what of it is taken back, what it means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

from buildstream._message import MessageType

from enforcer.bst.elements import names
from enforcer.bst.elements.run_graph import RunGraph, sources_of
from enforcer.bst.judging.comparison import Comparison
from enforcer.bst.judging.core_fills import fill_of
from enforcer.bst.judging.describing import Describer, UniqueKeys, job_of, shared_locks, unshippable
from enforcer.bst.observing.leaks import NOTHING, Leaks, Running, left_running
from enforcer.bst.observing.lines_run import RunningCode
from enforcer.bst.observing.locks import Use
from enforcer.bst.observing.searches import PluginSearches
from enforcer.bst.observing.starts import Starts
from enforcer.bst.observing.touches import Touches
from enforcer.graph.compare import SET, ChangedCell, changed_cells
from enforcer.graph.compare import Change as GraphChange
from enforcer.graph.delta import Refused
from enforcer.graph.equal import equal_plain
from enforcer.graph.unit import Unit
from enforcer.reports.message import finding_lines
from enforcer.results.findings import Finding, Job
from enforcer.rules.evidence import Change, Drift, Evidence, Left
from enforcer.rules.registry import apply_rules
from enforcer.session import Session

_RUNS_PLUGIN_CODE = ("Track", "Fetch", "Build")


class Prepared(NamedTuple):
    """What was seen before the action."""

    own: Unit
    keys: UniqueKeys
    running: Running
    late: list[Job]
    older: list[ChangedCell]


class Outcome(NamedTuple):
    """How the action ended."""

    result: Any = None
    error: BaseException | None = None


class Attempt:
    """The judgement of one try of one job.

    Attributes:
        stuck: something foreign could not be taken back.
        doubted: a violation was found, of those that fail a run, that an earlier job may have made.
    """

    def __init__(
        self,
        session: Session,
        run_graph: RunGraph,
        searches: PluginSearches,
        comparison: Comparison,
        scheduler: Any,
        job: Any,
        prepared: Prepared,
        again: bool = False,
    ) -> None:
        self._session = session
        self._run_graph = run_graph
        self._searches = searches
        self._comparison = comparison
        self._scheduler = scheduler
        self._bst_job = job
        self._prepared = prepared
        self._drifts: tuple[Drift, ...] = ()
        self._locks: list[Use] = []
        self.leaks = NOTHING
        self.stuck = False
        self.doubted = False
        settings = session.settings
        self._touches = Touches(run_graph, searches, prepared.own, comparison.reached, settings, again)
        self._ran = RunningCode(searches.codes) if settings.coverage and not again else None
        self._starts = Starts(run_graph.plugin_files if self._touches.live else ())
        self.job = job_of(job)
        self.strict = settings.fails_jobs

    def run_action(self, action: Callable[[], Any]) -> Outcome:
        """The action, and the second look at the unique keys, which is judged with it."""
        with self._session.recording() as record:
            record.jobs += 1
        try:
            with (
                nullcontext() if self._ran is None else self._ran.watching(),
                self._touches.watching(),
                self._starts.watching(),
                self._searches.locks.watching() as self._locks,
            ):
                result = action()
                self._drifts = self._prepared.keys.drifts(self.job, self._touches)
                outcome = Outcome(result)
        except BaseException as error:
            outcome = Outcome(error=error)
        self._shield()
        if self._touches.live is not None and self._touches.live.followed:
            with self._session.recording() as record:
                record.spend("followed jobs", 1)
        return outcome

    def _shield(self) -> None:
        """From here on the scheduler cannot interrupt this thread: the action is over, and we must not be."""
        with self._bst_job._terminate_lock:
            self._bst_job._thread_id = None

    def verdict(self) -> list[Finding]:
        """Compare, undo, record; returns the findings that fail the job."""
        executor = getattr(self._scheduler.loop, "_default_executor", None)
        self.leaks = left_running(self._prepared.running, executor)
        earlier = self._comparison.since_full_compare.jobs
        seen = self._comparison.after(self._prepared.own, self._touches, self.job)
        # What nobody else can have done, this job did.
        changed = seen.changed if seen.candidates else seen.changed + seen.older
        own = [cell for cell in changed if cell.unit is self._prepared.own]
        violating, fills = self._sort([cell for cell in changed if cell.unit is not self._prepared.own])
        refused = self._comparison.encode(self._prepared.own, own)
        findings, late = self._judge(violating, fills, refused)
        if seen.candidates:
            older, older_fills = self._sort(seen.older)
            fills += older_fills
            findings += self._judge_older(older, [*seen.candidates, self.job])
        met, _ = self._sort(seen.met)
        findings += self._judge_older(met, [*earlier, self.job], met=True)
        failing = [finding for finding in findings if self._session.classify(finding)]
        if failing:
            self._forget_own(own)
        else:
            self._comparison.keep(own)
        self._run_graph.graph.accept(fills)
        for finding in late:
            self._session.classify(finding)
        self._record(findings, late, bool(failing))
        return failing

    def _judge(
        self, violating: list[ChangedCell], fills: list[ChangedCell], refused: list[Refused]
    ) -> tuple[list[Finding], list[Finding]]:
        """The findings on this job, and those on an earlier one that left a thread which can have done it."""
        described = self._describe(violating)
        locks = shared_locks(self._run_graph, self._searches.locks, self._bst_job, self._locks, fills)
        if not (described or refused or locks or self._drifts or self.leaks.threads or self.leaks.processes):
            return [], []
        suspects = self._prepared.late
        reached: list[Change] = []
        unreached: list[Change] = []
        for unit, change in described:
            (reached if not suspects or self._touches.obtained(unit) else unreached).append(change)
        evidence = self._evidence(self.job, reached, self.leaks, self._drifts)
        findings = apply_rules(
            replace(
                evidence, locks=locks, unshippable=unshippable(self._run_graph, self._bst_job, refused, self._touches)
            )
        )
        late = apply_rules(self._evidence(suspects[-1], unreached, NOTHING, ())) if unreached else []
        for finding in late:
            finding.candidates = [*suspects, self.job]
        return findings, late

    def judge_before(self) -> None:
        """Record what earlier jobs did, where nobody looked, to what the job was about to see."""
        older, _ = self._sort(self._prepared.older)
        findings = self._judge_older(older, self._comparison.since_full_compare.jobs or self._prepared.late, met=True)
        with self._session.recording() as record:
            record.findings += findings

    def sweep(self) -> list[Finding]:
        """Compare everything after the last job of a replica; record and return what is found."""
        changed, candidates = self._comparison.sweep()
        violating, _ = self._sort(changed)
        findings = self._judge_older(violating, candidates)
        with self._session.recording() as record:
            record.findings += findings
        return findings

    def _judge_older(self, changed: list[ChangedCell], candidates: list[Job], met: bool = False) -> list[Finding]:
        """The findings on what one of the `candidates` did where nobody looked; what was `met` is dealt with."""
        if not changed:
            return []
        changes = [change for _, change in self._describe(changed, met)]
        findings = apply_rules(self._evidence(candidates[-1] if candidates else self.job, changes, NOTHING, ()))
        for finding in findings:
            finding.candidates = list(candidates)
            finding.unblamed = finding.unblamed and "it was found by a look that came after the job"
        self.doubted = any([*map(self._session.classify, findings), self.doubted])
        return findings

    def _sort(self, foreign: list[ChangedCell]) -> tuple[list[ChangedCell], list[ChangedCell]]:
        """Split into what is taken back and what is a listed core fill; a cell with both counts for both.

        A value that was replaced by an equal one is taken back too, without being a violation: it
        says the same, but the new container may be somebody else's.
        """
        back: list[ChangedCell] = []
        filled: list[ChangedCell] = []
        for cell in foreign:
            kept: list[GraphChange] = []
            rest: list[GraphChange] = []
            fills: list[str] = []
            for change in cell.changes:
                fill = fill_of(change, self.job)
                (rest if fill is None else kept).append(change)
                fills += [] if fill is None else [fill.name]
            if kept:
                self._count(fills)
                filled.append(cell)
            if rest:
                violating = tuple(change for change in rest if not _says_the_same(change))
                self._count("recomputed equal values" for _ in range(len(rest) - len(violating)))
                back.append(_without(cell, violating, kept))
        return back, filled

    def _count(self, names: Iterable[str]) -> None:
        with self._session.recording() as record:
            record.core_fills.update(names)

    def _describe(self, violating: list[ChangedCell], met: bool = False) -> list[tuple[Unit, Change]]:
        """Describe the changes, then undo them, unless they were `met` before, or stay by right of the mode."""
        if not violating:
            return []
        element, blame = self._bst_job.get_element(), self._session.settings.blame
        describer = Describer(self._run_graph, element, self._touches, blame)
        described = [(cell, describer.change(cell, change)) for cell in violating for change in cell.changes]
        stays = not self._comparison.undoes(self._session.settings.mode)
        if met and not stays:
            return [(cell.unit, change) for cell, change in described]
        if stays:
            if not met:
                self._comparison.keep_foreign(violating)
            return [(cell.unit, replace(change, undone=None)) for cell, change in described]
        stuck = {id(cell.cell) for cell in self._run_graph.graph.undo(violating)}
        self.stuck = self.stuck or bool(stuck)
        return [(cell.unit, replace(change, undone=id(cell.cell) not in stuck)) for cell, change in described]

    def _evidence(self, job: Job, changes: list[Change], leaks: Leaks, drifts: tuple[Drift, ...]) -> Evidence:
        element = self._bst_job.get_element()
        directory = element._get_project().directory
        file = names.plugin_file(type(element))
        shown = names.shown_file(file, directory) if file else None
        threads, processes = (
            tuple(
                Left(name, names.site_of(self._starts.places.get(number), directory)) for number, name in left.items()
            )
            for left in (leaks.threads, leaks.processes)
        )
        return Evidence(job, tuple(changes), threads, processes, drifts, shown)

    def _forget_own(self, own: list[ChangedCell]) -> None:
        """Nothing that a violating job says of its own element counts, as nothing that it wrote does."""
        self._comparison.forget(own)
        if self.job.action == "Build":
            # As stock leaves it after a failed build: a success from before must not speak for this one.
            element = self._bst_job.get_element()
            object.__setattr__(element, "_Element__build_result", (False, "enforcement strict", None))
            failed = changed_cells(self._prepared.own)
            self._comparison.encode(self._prepared.own, failed)
            self._comparison.keep(failed)

    def _record(self, findings: list[Finding], late: list[Finding], failed: bool) -> None:
        with self._session.recording() as record:
            record.checked += 1
            if self.job.action in _RUNS_PLUGIN_CODE:
                record.exercised.add(self.job.element)
            if self._ran is not None:
                record.coverage.add(self._ran.ran())
                record.incomplete_reasons.update([self._ran.trouble] if self._ran.trouble else [])
            record.findings += findings + late
            if failed and self.job.action in ("Fetch", "Track"):
                record.left_behind.update(self._mirror_folders())
        # What fails the job is told by its failure.
        told = late if failed else findings + late
        if told:
            self._warn(told)

    def _mirror_folders(self) -> set[str]:
        """Where the plugins of the element's sources keep what they download: out of our reach, if it stays."""
        element, caches = self._bst_job.get_element(), self._session.caches
        if caches is not None and caches.hold(element._get_context().sourcedir):
            return set()
        return {f"sources/{source.get_kind()}" for source in sources_of(element)}

    def _warn(self, findings: list[Finding]) -> None:
        lines = [line for finding in findings for line in finding_lines(finding)]
        text = summary(self._session.settings.mode.value, findings)
        self._bst_job.message(MessageType.WARN, text, detail="\n".join(lines))


def summary(mode: str, findings: list[Finding]) -> str:
    """The one line that BuildStream shows: `enforcement strict: foreign-write, 2 module-write (known)`."""
    counts = Counter(finding.rule + ("" if finding.is_new else f" ({finding.state})") for finding in findings)
    return f"enforcement {mode}: " + ", ".join(rule if n == 1 else f"{n} {rule}" for rule, n in counts.items())


def _says_the_same(change: GraphChange) -> bool:
    return change.change == SET and equal_plain(change.before, change.after)


def _without(cell: ChangedCell, changes: tuple[GraphChange, ...], kept: list[GraphChange]) -> ChangedCell:
    """`cell` with only these changes; what it is restored to keeps the entries of `kept`."""
    names = {id(change.name) for change in kept}
    before = [entry for entry in cell.before if id(entry[0]) not in names]
    before += [(change.name, change.after) for change in kept]
    return replace(cell, changes=changes, before=before if kept else cell.before)
