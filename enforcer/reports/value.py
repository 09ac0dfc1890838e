"""The report: one frozen value, made once from a record; every format only reads it.

Sorted throughout, without clocks, process ids and addresses: equal records give equal reports,
whatever the order in which their parts arrived. Everything in it is fit to be shown.
"""

from __future__ import annotations

import json
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path

import enforcer
from enforcer.reports.access import Access, access_of, of_jobs_and_between
from enforcer.reports.cost import NO_COST, Cost, cost_of
from enforcer.reports.coverage import CoverageReport, coverage_report
from enforcer.reports.elements import Element, element_graph
from enforcer.reports.places import ShownLine, repository_files
from enforcer.reports.shown import shown, shown_job, shown_name, shown_text
from enforcer.results.findings import Finding, Job, Site
from enforcer.results.record import Record
from enforcer.settings.baseline import Entry
from enforcer.settings.settings import Settings

CLEAN = "clean"
WARNED = "warned"
FAILED = "failed"
NOTHING_CHECKED = "nothing-checked"

# What keeps a report of 10,000 findings below 1 MB. What is left out is counted.
EXAMPLE_LIMIT = 5
GROUP_LIMIT = 100
VIOLATION_LIMIT = 400
SIZE_LIMIT = 900_000


@dataclass(frozen=True)
class Example:
    """One job that did it, and the test that ran it."""

    job: Job
    nodeid: str | None


@dataclass(frozen=True)
class Violation:
    """The findings that agree in rule, plugin kind, owner, path, operation and line.

    Attributes:
        finding: one of them, with a site if any has one.
        count: how many there are.
        examples: some of the jobs, the representative's first.
        fingerprint: of the finding before anything of it was cut; in a report only, as what follows.
        baseline_line: how a baseline lists it.
    """

    finding: Finding
    count: int
    examples: tuple[Example, ...]
    fingerprint: str = ""
    baseline_line: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """What the findings agree in, inside of their group."""
        return _identity(self.finding)


@dataclass(frozen=True)
class Group:
    """The violations that agree in rule, plugin kind, kind of owner, path template and operation.

    Attributes:
        violations: some of them, the first with a site if any has one.
        count: how many findings the group has, also of violations that are left out.
    """

    violations: tuple[Violation, ...]
    count: int

    @property
    def finding(self) -> Finding:
        """The group's representative."""
        return self.violations[0].finding

    @property
    def is_new(self) -> bool:
        """Whether these are neither known nor allowed."""
        return self.finding.is_new

    @property
    def key(self) -> tuple[object, ...]:
        """What the findings agree in, also where texts were cut: the fingerprint stands for them."""
        finding = self.finding
        return (finding.state, finding.severity, finding.change, self.violations[0].fingerprint)


@dataclass(frozen=True)
class Action:
    """The jobs of one action: see `enforcer.results.job_counts.JobCounts`."""

    action: str
    jobs: int
    checked: int
    skipped: int
    plugin_code: int


@dataclass(frozen=True)
class Report:
    """What one enforced run checked and found; what was omitted is counted but not listed.

    `partial` says why it was not a full run: what was not found then may still be there. `files` says where in the
    repository the files are that findings name. `new` counts findings that only warn, too; these alone are `warnings`.
    `without_turn` are plugins, but for BuildStream's own, whose code no checked job ran; `not_due` says why no job had
    to run, where that is nobody's mistake.
    """

    verdict: str
    mode: str
    backend: str
    command: tuple[str, ...]
    versions: tuple[tuple[str, str | None], ...]
    jobs: int
    checked: int
    elements: int
    cells: int
    exercised: tuple[str, ...]
    cached: tuple[str, ...]
    new: int
    warnings: int
    known: int
    allowed: int
    omitted: int
    omitted_groups: int
    groups: tuple[Group, ...]
    files: tuple[tuple[str, str], ...]
    core_fills: tuple[tuple[str, int], ...]
    opaque: tuple[tuple[str, int], ...]
    opaque_in_plugins: tuple[tuple[str, int], ...]
    opaque_places: tuple[tuple[str, str], ...]
    errors: tuple[str, ...]
    unwatched: tuple[str, ...]
    left_behind: tuple[str, ...]
    unused_allow: tuple[str, ...]
    unused_comments: tuple[str, ...]
    partial: tuple[str, ...]
    graph: tuple[Element, ...] = ()
    access: tuple[Access, ...] = ()
    access_between_jobs: tuple[Access, ...] = ()
    coverage: CoverageReport | None = None
    cost: Cost = NO_COST
    actions: tuple[Action, ...] = ()
    without_turn: tuple[str, ...] = ()
    not_due: tuple[str, ...] = ()
    distrusted: tuple[str, ...] = ()


def installed_versions() -> dict[str, str | None]:
    """The versions that decide what a run sees; None for BuildStream where it is not installed."""
    try:
        buildstream = metadata.version("BuildStream")
    except metadata.PackageNotFoundError:
        buildstream = None
    return {"enforcer": enforcer.__version__, "buildstream": buildstream, "python": platform.python_version()}


def all_versions(found: Iterable[Mapping[str, str | None]]) -> dict[str, str | None]:
    """Of each thing all versions that there were, where a run or several reports had more than one."""
    each = list(found)
    of = {name: {versions.get(name) for versions in each} for versions in each for name in versions}
    return {name: ", ".join(sorted(filter(None, numbers))) or None for name, numbers in of.items()}


def build_report(
    record: Record,
    settings: Settings,
    command: Sequence[str],
    versions: Mapping[str, str | None] | None = None,
    directory: Path | None = None,
) -> Report:
    """Sum up `record`.

    Args:
        record: everything that the run saw.
        settings: what the run was asked to do.
        command: the words of the command that runs it again.
        versions: by default those installed here.
        directory: any in the repository that the report is about, by default the working directory.
    """
    groups = _groups(record.findings)
    listed = within_limits(groups)
    counts = Counter(finding.state for finding in record.findings)
    partial = _partial(record)
    access, between_jobs = of_jobs_and_between(access_of(record.accesses))
    return Report(
        verdict=_verdict(record, settings),
        mode=settings.mode.value,
        backend=settings.backend,
        command=tuple(shown_name(word) for word in command),
        versions=tuple((installed_versions() if versions is None else versions).items()),
        jobs=record.jobs,
        checked=record.checked,
        elements=len(record.elements),
        cells=record.cells,
        exercised=_names(record.exercised),
        cached=_names(record.cached - record.exercised),
        new=counts["new"],
        warnings=sum(finding.warns for finding in record.findings),
        known=counts["known"],
        allowed=counts["allowed"],
        omitted=len(record.findings) - sum(violation.count for group in listed for violation in group.violations),
        omitted_groups=len(groups) - len(listed),
        groups=listed,
        files=repository_files(_files_named(listed), record.files, directory or Path.cwd()),
        core_fills=_counts(record.core_fills),
        opaque=_counts(record.opaque),
        opaque_in_plugins=_counts(record.opaque_in_plugins),
        opaque_places=tuple(sorted((shown_name(place), shown_name(type_)) for place, type_ in record.opaque_places)),
        errors=_texts(record.errors),
        unwatched=_texts(record.unwatched),
        left_behind=_names(record.left_behind),
        unused_allow=() if partial else _unused_allow(record, settings),
        unused_comments=() if partial else _names(record.comments - record.comments_used),
        partial=partial,
        graph=element_graph(record.kinds, record.dependencies),
        access=access,
        access_between_jobs=between_jobs,
        coverage=_coverage(record, settings),
        cost=cost_of(record.costs),
        actions=tuple(Action(shown_name(name), **asdict(counts)) for name, counts in sorted(record.actions.items())),
        without_turn=_names(record.plugins - record.had_turn),
        not_due=_names(record.not_due) if not record.jobs else (),
        distrusted=_names(record.distrusted),
    )


def _coverage(record: Record, settings: Settings) -> CoverageReport | None:
    skipped = record.elements - record.exercised - record.cached
    return coverage_report(record.coverage, skipped) if settings.coverage else None


def _files_named(groups: Iterable[Group]) -> Iterator[ShownLine]:
    """The files that the report names, with the lines that it shows of them."""
    for finding in (violation.finding for group in groups for violation in group.violations):
        for site in filter(None, (finding.site, finding.obtained, finding.core)):
            yield ShownLine(site.file, site.line, finding.path, site.code)
        if finding.plugin_file is not None:
            yield ShownLine(finding.plugin_file)


def _verdict(record: Record, settings: Settings) -> str:
    # An error means that we could not look: nothing may then be called clean.
    if record.errors or (settings.fails_run and any(finding.fails for finding in record.findings)):
        return FAILED
    if record.unwatched or any(finding.is_new for finding in record.findings):
        return WARNED
    return CLEAN if record.exercised else NOTHING_CHECKED


def _groups(findings: Iterable[Finding]) -> list[Group]:
    """All groups with all their violations: new ones first, errors before warnings, then by group."""
    grouped: defaultdict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[group_order(finding)].append(finding)
    return [_group(grouped[key]) for key in sorted(grouped, key=repr)]


def group_order(finding: Finding) -> tuple[object, ...]:
    """Sorts groups by their findings: new ones first, errors before warnings, then by group."""
    return (not finding.is_new, finding.severity, finding.group, finding.state)


def _identity(finding: Finding) -> tuple[object, ...]:
    return (finding.owner, finding.path, finding.allowed, finding.comment, finding.site, _said_of_lock(finding))


def _said_of_lock(finding: Finding) -> str:
    """What was done about a lock, which is not the same for all jobs."""
    return finding.after or "" if finding.rule == "process-local-lock" else ""


def _group(findings: list[Finding]) -> Group:
    merged: defaultdict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for finding in sorted(findings, key=best_first):
        merged[_identity(finding)].append(finding)
    # Dictionaries keep their order: the first violation is the one with the best finding.
    return Group(tuple(_violation(same) for same in merged.values()), len(findings))


def best_first(finding: Finding) -> tuple[object, ...]:
    """Sorts findings: those of which more is known come first."""
    job = finding.job
    unknown = (finding.site is None, finding.obtained is None, -len(_said_of_lock(finding)))
    return (*unknown, job.element, job.action, job.try_, finding.nodeid or "", repr(finding))


def _violation(findings: list[Finding]) -> Violation:
    # Several tests may run the same job: each is an example of its own.
    examples = dict.fromkeys((finding.job, finding.nodeid) for finding in findings)
    return Violation(
        finding=findings[0],
        count=len(findings),
        examples=tuple(Example(job, nodeid) for job, nodeid in list(examples)[:EXAMPLE_LIMIT]),
    )


def within_limits(groups: list[Group]) -> tuple[Group, ...]:
    """The first violation of each group, then as many others as there is room for, all fit to be shown."""
    room = _Room()
    firsts = list(room.take(group.violations[0] for group in groups))
    others = [list(room.take(group.violations[1:GROUP_LIMIT])) for group in groups[: len(firsts)]]
    firsts = list(map(room.with_context, firsts))
    return tuple(
        Group((first, *map(_without_context, rest)), group.count)
        for group, first, rest in zip(groups, firsts, others, strict=False)
    )


class _Room:
    """What is left of a report's limits."""

    def __init__(self) -> None:
        self._number = VIOLATION_LIMIT
        self._size = SIZE_LIMIT

    def take(self, violations: Iterable[Violation]) -> Iterator[Violation]:
        """As many of them as there is room for without the lines around their sites, fit to be shown."""
        for violation in violations:
            if not self._number:
                return
            safe = _shown_violation(violation)
            size = _size(_without_context(safe))
            if size > self._size:
                return
            self._number -= 1
            self._size -= size
            yield safe

    def with_context(self, taken: Violation) -> Violation:
        """The taken violation with the lines around its sites if there is room for them, else without."""
        finding, bare = taken.finding, _without_context(taken)
        obtained = _bare(finding.obtained) if finding.obtained == finding.site else finding.obtained
        whole = replace(taken, finding=replace(finding, obtained=obtained, core=_bare(finding.core)))
        size = _size(whole) - _size(bare)
        if size > self._size:
            return bare
        self._size -= size
        return whole


def _without_context(violation: Violation) -> Violation:
    finding = violation.finding
    bare = replace(finding, site=_bare(finding.site), obtained=_bare(finding.obtained), core=_bare(finding.core))
    return replace(violation, finding=bare)


def _bare(site: Site | None) -> Site | None:
    return site and replace(site, context=(), context_start=0)


def _size(violation: Violation) -> int:
    """About how many bytes of JSON it takes, indented more than in the report."""
    return len(json.dumps([asdict(violation), violation.finding.allow_line], indent=2))


def _shown_violation(violation: Violation) -> Violation:
    finding = violation.finding
    return Violation(
        finding=shown(finding),
        count=violation.count,
        examples=tuple(
            Example(shown_job(example.job), example.nodeid and shown_name(example.nodeid))
            for example in violation.examples
        ),
        fingerprint=violation.fingerprint or finding.fingerprint,
        baseline_line=violation.baseline_line or str(Entry.of(finding)),
    )


def _partial(record: Record) -> tuple[str, ...]:
    """Why not everything was looked at, or nothing where it was."""
    cached = sorted(record.cached - record.exercised)
    unchecked = record.jobs - record.checked
    counts = [
        (not record.checked, "no job was checked"),
        (record.checked and not record.exercised, "no checked job ran plugin code"),
        (unchecked, f"{_count(unchecked, 'job was', 'jobs were')} not checked"),
        (cached, f"{_count(len(cached), 'element was', 'elements were')} cached ({', '.join(cached[:1])})"),
        (record.errors, "something kept us from looking"),
        (record.unwatched, f"{_count(len(record.unwatched), 'bst process was', 'bst processes were')} not watched"),
    ]
    return _names({sentence for holds, sentence in counts if holds} | record.incomplete_reasons)


def _count(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def _unused_allow(record: Record, settings: Settings) -> tuple[str, ...]:
    """Allow entries that matched nothing, which only a full run can tell."""
    return _names(({str(entry) for entry in settings.allow} | record.allow_marked) - record.allow_used)


def _counts(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((shown_name(name), count) for name, count in counter.items()))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(shown_name(name) for name in names))


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({shown_text(text) for text in texts}))
