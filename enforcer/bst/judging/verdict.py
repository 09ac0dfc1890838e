"""The verdict on one attempt: a pipeline of steps, each of which adds to one case what the later ones need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from buildstream._message import MessageType

from enforcer.blame.live import Where
from enforcer.bst.elements import names
from enforcer.bst.elements.parts import sources_of
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.judging.attempt import Attempt
from enforcer.bst.judging.comparison import Comparison, Seen, Suspected
from enforcer.bst.judging.describing import Described, Describer, shared_locks, unshippable
from enforcer.bst.judging.memos import Memos
from enforcer.bst.judging.sorting import sort_foreign
from enforcer.bst.judging.turns import had_turn
from enforcer.bst.observing.left_open import LeftOpen
from enforcer.bst.observing.searches import PluginSearches
from enforcer.graph.compare import ChangedCell, changed_cells, told
from enforcer.graph.delta import Refused
from enforcer.reports.message import short_lines
from enforcer.results import costs
from enforcer.results.accesses import JOB
from enforcer.results.findings import Finding, Job
from enforcer.rules.evidence import Change, Evidence, Left, SharedLock
from enforcer.rules.registry import apply_rules
from enforcer.session import Session

_FOUND_LATER = "it was found by a look that came after the job"
_BY_LEFT = "a thread that an earlier job left running can have made the change, and no line was seen making it"


@dataclass
class Case:
    """What is known of one attempt once its action is over.

    Attributes:
        seen: what was found changed.
        own: the changes to the job's own element.
        foreign: those to anything else.
        fills: what core filled in on others.
        refused: what of its own changes cannot be sent to other processes.
        findings: what was found on the job, or on one of several of which it is one.
        from_leaked: what was found on an earlier job, as what it left running can have done it.
        failing: those of `findings` that fail the job.
    """

    seen: Seen
    own: list[ChangedCell]
    foreign: list[ChangedCell]
    fills: list[ChangedCell] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    from_leaked: list[Finding] = field(default_factory=list)
    failing: list[Finding] = field(default_factory=list)


class Verdict:
    """What one attempt means: compares, undoes, applies the rules, records.

    Attributes:
        strict: whether violations fail the job.
        stuck: something foreign could not be taken back.
        tainting: what was found on the job that is neither allowed nor known, and more than a warning.
        doubts: the same of what an earlier job may have done.
    """

    def __init__(
        self,
        session: Session,
        run_graph: RunGraph,
        searches: PluginSearches,
        comparison: Comparison,
        attempt: Attempt,
    ) -> None:
        self._session = session
        self._run_graph = run_graph
        self._searches = searches
        self._comparison = comparison
        self.attempt = attempt
        self.strict = session.settings.fails_jobs
        self.stuck = False
        self.tainting: list[Finding] = []
        self.doubts: list[Finding] = []

    def before_action(self) -> None:
        """Record what earlier jobs did, where nobody looked, to what the job was about to see."""
        prepared = self.attempt.prepared
        jobs = self._comparison.since_full_compare.jobs or prepared.leakers
        findings, _ = self._on_suspected(Suspected(prepared.found_early, jobs), found_early=True)
        self._record_suspected(findings)

    def after_action(self, executor: object) -> list[Finding]:
        """The findings that fail the job; threads of the scheduler's own `executor` are none of its leaks."""
        if self.attempt.touches.trouble is not None:
            raise self.attempt.touches.trouble
        # First, as it waits for threads that are about to end: what these still write is seen with the rest.
        self.attempt.look_for_leaks(executor)
        case = self._compare()
        # What could not be sent is evidence; what can be is encoded before anything that it holds is undone.
        self._encode_own(case)
        self._ask_for_keys(case)
        # Each of these describes changes and then undoes them, the present job's first: older ones lie below.
        self._find_on_job(case)
        self._find_by_full_compare(case)
        self._find_early(case)
        self._classify(case)
        self._keep_or_forget_own(case)
        self._accept_fills(case)
        self._record(case)
        self._warn(case)
        return case.failing

    def at_retirement(self) -> list[Finding]:
        """Compare everything after the last job of a replica; record and return what is found."""
        findings, _ = self._on_suspected(self._comparison.sweep())
        self._record_suspected(findings)
        return findings

    def _record_suspected(self, findings: list[Finding]) -> None:
        with self._session.recording() as record:
            record.findings += findings

    # The steps after an action.

    def _compare(self) -> Case:
        own = self.attempt.prepared.own
        seen = self._comparison.after(own, self.attempt.touches, self.attempt.job)
        changed = [*self.attempt.patched, *seen.by_job]
        if self.attempt.accesses is not None:
            self.attempt.accesses.add_changes(changed)
        return Case(
            seen,
            own=[cell for cell in changed if cell.unit is own],
            foreign=[cell for cell in changed if cell.unit is not own],
        )

    def _encode_own(self, case: Case) -> None:
        used = self.attempt.prepared.in_use.used()
        # This process has it as no other one has it, and nobody can put it back.
        self.stuck = self.stuck or bool(used)
        case.refused = self._comparison.encode(self.attempt.prepared.own, case.own) + used

    def _ask_for_keys(self, case: Case) -> None:
        # Now, as the job has left everything; what the question itself changes is in none of the lists.
        changed = [*case.own, *case.foreign, *case.seen.by_full_compare.changed]
        self.stuck = bool(self.attempt.look_for_drifts(changed)) or self.stuck

    def _find_on_job(self, case: Case) -> None:
        attempt, run_graph = self.attempt, self._run_graph
        violations, case.fills = self._without_fills(case.foreign)
        described = self._describe_and_undo(violations)
        used = shared_locks(run_graph, self._searches.locks, attempt.bst_job, attempt.locks, case.fills, attempt.makers)
        locks = self._kept_or_not(used)
        evidence, doubtful = self._told_apart(described)
        found = evidence.changes or evidence.drifts or evidence.processes or evidence.descriptors
        if found or case.refused or locks or attempt.leaks.threads or attempt.left_open.temporary:
            evidence = replace(
                evidence,
                threads=self._threads(),
                temporary=self._open(attempt.left_open.temporary),
                locks=locks,
                failed=attempt.outcome.failed,
                unshippable=unshippable(run_graph, attempt.bst_job, case.refused, attempt.touches),
            )
            case.findings += apply_rules(evidence)
        if doubtful is not None:
            case.from_leaked = apply_rules(doubtful)
            for finding in case.from_leaked:
                finding.candidates = [*attempt.prepared.late.all_leakers, attempt.job]

    def _kept_or_not(self, used: tuple[SharedLock, ...]) -> tuple[SharedLock, ...]:
        """Say of each lock whether others were kept out, where it does not do that itself."""
        kept = self.attempt.kept_locks
        if kept is None:
            return used
        self.attempt.unkept_locks = [(lock.owner, lock.path) for lock in used if (lock.owner, lock.path) not in kept]
        return tuple(replace(lock, kept=(lock.owner, lock.path) in kept) for lock in used)

    def _told_apart(self, described: list[Described]) -> tuple[Evidence, Evidence | None]:
        """What the job did, and what may as well be the doing of what earlier ones have left running."""
        attempt = self.attempt
        leakers, late = attempt.prepared.leakers, attempt.prepared.late
        changes, drifts, processes = [each.change for each in described], attempt.drifts, attempt.leaks.processes
        descriptors = attempt.left_open.descriptors
        doubtful = Evidence(attempt.job)
        if leakers:
            changes = [each.change for each in described if each.proven]
            drifts = tuple(drift for drift in drifts if drift.site is not None)
            descriptors = tuple(left for left in descriptors if left.seen)
            doubtful = replace(
                self._evidence(leakers[-1], [_without_site(each.change) for each in described if not each.proven]),
                drifts=tuple(drift for drift in attempt.drifts if drift.site is None),
                descriptors=self._open(left for left in attempt.left_open.descriptors if not left.seen),
            )
        if processes and late.processes and late.may_have_left():
            processes = {pid: name for pid, name in processes.items() if attempt.launches.has_started(pid)}
            others = {pid: name for pid, name in attempt.leaks.processes.items() if pid not in processes}
            doubtful = replace(doubtful, job=late.all_leakers[-1], processes=self._processes(others))
        evidence = replace(
            self._evidence(attempt.job, changes),
            drifts=drifts,
            processes=self._processes(processes),
            descriptors=self._open(descriptors),
        )
        doubts = doubtful.changes or doubtful.drifts or doubtful.processes or doubtful.descriptors
        return evidence, doubtful if doubts else None

    def _find_by_full_compare(self, case: Case) -> None:
        findings, fills = self._on_suspected(case.seen.by_full_compare)
        case.findings += findings
        case.fills += fills

    def _find_early(self, case: Case) -> None:
        # What core filled in there was dealt with when it was found.
        findings, _ = self._on_suspected(case.seen.found_early, found_early=True)
        case.findings += findings

    def _classify(self, case: Case) -> None:
        case.failing = [finding for finding in case.findings if self._fails(finding)]
        self.tainting = [finding for finding in case.findings if finding.fails]
        for finding in case.from_leaked:
            self._fails(finding)

    def _keep_or_forget_own(self, case: Case) -> None:
        """Nothing that a violating job says of its own element counts, as nothing that it wrote does."""
        if not case.failing:
            self._comparison.keep(case.own)
            return
        self._comparison.forget(case.own)
        if self.attempt.job.action == "Build":
            self._fail_build()

    def _fail_build(self) -> None:
        """As stock leaves it after a failed build: a success from before must not speak for this one."""
        own = self.attempt.prepared.own
        object.__setattr__(
            self.attempt.bst_job.get_element(), "_Element__build_result", (False, "enforcement strict", None)
        )
        failed = changed_cells(own)
        self._comparison.encode(own, failed)
        self._comparison.keep(failed)

    def _accept_fills(self, case: Case) -> None:
        self._run_graph.graph.accept(case.fills)

    def _record(self, case: Case) -> None:
        attempt = self.attempt
        core_only = attempt.outcome.skipped or attempt.pulled
        turn = set() if core_only else had_turn(attempt.job.action, attempt.bst_job.get_element())
        with self._session.recording() as record:
            record.note_checked(attempt.job, attempt.outcome.skipped, bool(turn))
            record.had_turn |= turn
            if turn:
                record.comments |= self._searches.comments.with_turn(
                    attempt.prepared.own, attempt.job.action, attempt.lines
                )
            if attempt.lines is not None:
                record.coverage.add(attempt.lines.ran())
                record.incomplete_reasons.update([attempt.lines.trouble] if attempt.lines.trouble else [])
            record.findings += case.findings + case.from_leaked
            if attempt.accesses is not None:
                attempt.accesses.add_to(record, attempt.job, JOB)
                record.spend(costs.ACCESSES, attempt.accesses.seconds)
            if case.failing and attempt.job.action in ("Fetch", "Track"):
                record.left_behind.update(self._mirror_folders())

    def _mirror_folders(self) -> set[str]:
        """Where the plugins of the element's sources keep what they download: out of our reach, if it stays."""
        element, caches = self.attempt.bst_job.get_element(), self._session.caches
        if caches is not None and caches.hold(element._get_context().sourcedir):
            return set()
        return {f"sources/{source.get_kind()}" for source in sources_of(element)}

    def _warn(self, case: Case) -> None:
        """Tell what the job's failure does not tell."""
        told = case.from_leaked if case.failing else case.findings + case.from_leaked
        if told:
            text = summary(self._session.settings.mode.value, told)
            self.attempt.bst_job.message(MessageType.WARN, text, detail="\n".join(short_lines(told)))

    # What several steps need.

    def _fails(self, finding: Finding) -> bool:
        return self._session.classify(finding, self._searches.comments.of(finding))

    def _without_fills(self, foreign: list[ChangedCell]) -> tuple[list[ChangedCell], list[ChangedCell]]:
        """What is taken back, and what core filled in, which is counted."""
        if not foreign:
            return [], []
        memos = Memos(foreign, self._run_graph.graph.registry)
        found = sort_foreign(foreign, self.attempt.job, memos.of)
        with self._session.recording() as record:
            record.core_fills.update(found.counts)
        return found.taken_back, found.fills

    def _on_suspected(self, suspected: Suspected, found_early: bool = False) -> tuple[list[Finding], list[ChangedCell]]:
        """The findings on what one of several jobs did where nobody looked, and what core filled in there."""
        violations, fills = self._without_fills(suspected.changed)
        described = self._describe_and_undo(violations, found_early)
        if not described:
            return [], fills
        # A line that was seen is one of the present job; what was there before it came has none of these.
        changes = [_unseen(each.change) if found_early else each.change for each in described]
        certain = self._judge(self.attempt.job, [change for change in changes if change.site])
        job = suspected.jobs[-1] if suspected.jobs else self.attempt.job
        doubtful = self._judge(job, [change for change in changes if not change.site])
        for finding in doubtful:
            finding.candidates = list(suspected.jobs)
            finding.unblamed = finding.unblamed and _FOUND_LATER
        findings = certain + doubtful
        for finding in findings:
            self._fails(finding)
        self.doubts += [finding for finding in doubtful if finding.fails]
        return findings, fills

    def _judge(self, job: Job, changes: list[Change]) -> list[Finding]:
        return apply_rules(self._evidence(job, changes)) if changes else []

    def _describe_and_undo(self, violations: list[ChangedCell], found_early: bool = False) -> list[Described]:
        """Describe the changes, then undo them, if the mode wants it; what was found early is undone by now."""
        if not violations:
            return []
        attempt, settings = self.attempt, self._session.settings
        element, prepared = attempt.bst_job.get_element(), attempt.prepared
        describer = Describer(
            self._run_graph, element, attempt.touches, settings.blame, not prepared.leakers, prepared.unfollowed
        )
        described = [(cell, change) for cell in told(violations) for change in describer.changes(cell)]
        stuck: set[int] = set()
        if not found_early:
            stuck = {id(cell.cell) for cell in self._comparison.take_back(violations)}
            self.stuck = self.stuck or bool(stuck)
        return [
            Described(replace(change, undone=None if self._stays(cell) else id(cell.cell) not in stuck), proven)
            for cell, (change, proven) in described
        ]

    def _stays(self, cell: ChangedCell) -> bool:
        """Whether a foreign change is left where it is; what functions mean to all is taken back in every mode."""
        return self._comparison.foreign_stays and cell.unit is not self._run_graph.process.libraries

    def _evidence(self, job: Job, changes: list[Change]) -> Evidence:
        element = self.attempt.bst_job.get_element()
        file = names.plugin_file(type(element))
        shown = self._run_graph.file_names.shown(file) if file else None
        unfollowed = None if self.attempt.touches.live else f"blame is {self._session.settings.blame}"
        made = tuple(self._made_in(job, change) for change in changes)
        return Evidence(job, made, plugin_file=shown, unfollowed=unfollowed)

    def _made_in(self, job: Job, change: Change) -> Change:
        """The change without its plugin where that would be one of the present job's, and it is another job's."""
        is_present = change.maker is not None and change.site is None and change.maker.name == self.attempt.job.element
        return replace(change, maker=None) if is_present and job != self.attempt.job else change

    def _open(self, left: Iterable[LeftOpen]) -> tuple[Left, ...]:
        site_of, only = self._run_graph.file_names.site_of, self.attempt.makers.only()
        return tuple(Left(name, site_of(where.plugin), where.maker or only) for name, where, _ in left)

    def _threads(self) -> tuple[Left, ...]:
        threads, place_of = self.attempt.leaks.threads, self.attempt.launches.place_of_thread
        return self._running((name, place_of(ident)) for ident, name in threads.items())

    def _processes(self, processes: dict[int, str]) -> tuple[Left, ...]:
        place_of = self.attempt.launches.place_of
        return self._running((name, place_of(pid, name)) for pid, name in processes.items())

    def _running(self, started: Iterable[tuple[str, Where | None]]) -> tuple[Left, ...]:
        site_of, only = self._run_graph.file_names.site_of, self.attempt.makers.only()
        found = [(name, where or Where(None)) for name, where in started]
        return tuple(Left(name, site_of(where.plugin), where.maker or only) for name, where in found)


def _unseen(change: Change) -> Change:
    """The change without the line that the present job is blamed for."""
    return replace(change, site=None, core=None, unblamed=_FOUND_LATER)


def _without_site(change: Change) -> Change:
    """As no line is known to have made it, and none of the job's that reached there shows who did."""
    return replace(change, site=None, core=None, obtained=None, unblamed=_BY_LEFT)


def summary(mode: str, findings: list[Finding]) -> str:
    """The one line that BuildStream shows: `enforcement strict: foreign-write, 2 module-write (known)`."""
    counts = Counter(finding.rule + ("" if finding.is_new else f" ({finding.state})") for finding in findings)
    return f"enforcement {mode}: " + ", ".join(rule if n == 1 else f"{n} {rule}" for rule, n in counts.items())
