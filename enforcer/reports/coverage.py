"""What of the plugins' code ran in checked jobs, as reports show it: methods, lines, and elements that had no turn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from enforcer.masking import counted
from enforcer.reports.shown import shown_name
from enforcer.results.plugin_coverage import Coverage, PluginCode, Ran

RAN = "ran"
NEVER = "never"
OUTSIDE = "outside"
STATES = (RAN, NEVER, OUTSIDE)

_LISTED = 6
_SPANS = 12


@dataclass(frozen=True)
class CoveredMethod:
    """A method that BuildStream calls.

    Attributes:
        state: `ran` in a checked job, `never` did, or did not because BuildStream calls it `outside` of jobs.
    """

    name: str
    defined_in: str
    state: str


@dataclass(frozen=True)
class Covered:
    """A class of plugin code, or the functions of a module: see `enforcer.results.plugin_coverage.PluginCode`.

    Attributes:
        ran: the numbers of the lines that ran in checked jobs, sorted.
        never: those of the other lines, but for
        outside: those in functions that BuildStream calls outside of jobs.
    """

    name: str
    type: str
    kind: str
    file: str
    bundled: bool
    methods: tuple[CoveredMethod, ...]
    ran: tuple[int, ...]
    never: tuple[int, ...]
    outside: tuple[int, ...]

    @property
    def has_run(self) -> bool:
        """Whether any of it ran; a class may have none but inherited code."""
        return bool(self.ran) or any(method.state == RAN for method in self.methods)

    @property
    def missing(self) -> tuple[str, ...]:
        """The methods that BuildStream calls in jobs and that ran in no checked one."""
        return tuple(method.name for method in self.methods if method.state == NEVER)


@dataclass(frozen=True)
class CoverageReport:
    """All plugin code, and the elements that no checked job exercised though they were not cached."""

    plugins: tuple[Covered, ...]
    skipped: tuple[str, ...]

    @property
    def own(self) -> tuple[Covered, ...]:
        """What does not come with BuildStream."""
        return tuple(covered for covered in self.plugins if not covered.bundled)


def coverage_report(coverage: Coverage, skipped: Iterable[str]) -> CoverageReport:
    """Sum up; sorted: plugins before what they use, what comes with BuildStream last."""
    covered = [_covered(code, coverage.ran.get(key, Ran())) for key, code in coverage.code.items()]
    shown = [each for each in covered if each.type or each.ran or each.never]
    return CoverageReport(tuple(sorted(shown, key=_order)), tuple(sorted(map(shown_name, skipped))))


def _covered(code: PluginCode, ran: Ran) -> Covered:
    methods = [
        CoveredMethod(method.name, shown_name(method.defined_in), _state(method.name in ran.methods, method.in_jobs))
        for method in code.methods
    ]
    return Covered(
        name=shown_name(code.name),
        type=code.type,
        kind=shown_name(code.kind),
        file=shown_name(code.file),
        bundled=code.bundled,
        methods=tuple(methods),
        ran=tuple(line for line in code.lines if line in ran.lines),
        never=tuple(line for line in code.lines if line not in ran.lines and line not in code.outside),
        outside=tuple(line for line in code.outside if line not in ran.lines),
    )


def _state(ran: bool, in_jobs: bool) -> str:
    return RAN if ran else NEVER if in_jobs else OUTSIDE


def _order(covered: Covered) -> tuple[object, ...]:
    return (covered.bundled, not covered.type, covered.name, covered.file, repr(covered))


def merged_coverage(reports: Sequence[CoverageReport | None], exercised: Iterable[str]) -> CoverageReport | None:
    """What ran in any of them; None where none was asked for it. `exercised` are the elements that any exercised."""
    asked = [report for report in reports if report is not None]
    if not asked:
        return None
    alike: defaultdict[tuple[object, ...], list[Covered]] = defaultdict(list)
    for covered in (each for report in asked for each in report.plugins):
        # Of one text of a file all reports know the same lines.
        lines = tuple(sorted({*covered.ran, *covered.never, *covered.outside}))
        alike[covered.name, covered.file, covered.kind, lines].append(covered)
    skipped = {name for report in asked for name in report.skipped}
    plugins = sorted(map(_merged, alike.values()), key=_order)
    return CoverageReport(tuple(plugins), tuple(sorted(skipped.difference(exercised))))


def _merged(same: list[Covered]) -> Covered:
    ran = {line for covered in same for line in covered.ran}
    methods: dict[tuple[str, str], str] = {}
    for method in (method for covered in same for method in covered.methods):
        place = (method.name, method.defined_in)
        methods[place] = min(method.state, methods.get(place, method.state), key=STATES.index)
    return replace(
        same[0],
        methods=tuple(CoveredMethod(*place, state) for place, state in sorted(methods.items())),
        ran=tuple(sorted(ran)),
        never=tuple(line for line in same[0].never if line not in ran),
        outside=tuple(line for line in same[0].outside if line not in ran),
    )


def coverage_lines(coverage: CoverageReport | None) -> list[str]:
    """Coverage in a few lines: totals, then the plugins of which most is missing; those of BuildStream are left out."""
    if coverage is None:
        return []
    lines = ["no plugin but BuildStream's own was loaded"]
    if coverage.own:
        lines = [f"plugin code in checked jobs: {_totals(coverage.own)}"]
    gaps = sorted((each for each in coverage.own if each.never or each.missing), key=lambda each: -len(each.missing))
    lines += [f"  {covered.name}: {gap(covered)}" for covered in gaps[:_LISTED]]
    lines += [f"  and more in {counted(len(gaps) - _LISTED, 'other place')}"] if len(gaps) > _LISTED else []
    if coverage.skipped:
        names = ", ".join(coverage.skipped[:3])
        dots = ", ..." if len(coverage.skipped) > 3 else ""
        lines.append(f"  no job of these elements was checked: {names}{dots} ({len(coverage.skipped):,})")
    return lines


def _totals(plugins: Sequence[Covered]) -> str:
    classes = [covered for covered in plugins if covered.type]
    methods = [method.state for covered in classes for method in covered.methods if method.state != OUTSIDE]
    ran = sum(len(covered.ran) for covered in plugins)
    lines = ran + sum(len(covered.never) for covered in plugins)
    return (
        f"{sum(covered.has_run for covered in classes)} of {counted(len(classes), 'plugin')}, "
        f"{methods.count(RAN)} of {counted(len(methods), 'method')}, {ran:,} of {counted(lines, 'line')}"
    )


def gap(covered: Covered) -> str:
    """What of a plugin no checked job ran: `never ran stage, lines 31-33, 40`; else `all ran`."""
    if not covered.never and not covered.missing:
        return "all ran"
    if not covered.has_run:
        return "never ran"
    parts = [*covered.missing]
    parts += [f"{'line' if len(covered.never) == 1 else 'lines'} {ranges(covered.never)}"] if covered.never else []
    return f"never ran {', '.join(parts)}"


def ranges(lines: Sequence[int]) -> str:
    """Sorted numbers in few words: `31-33, 40`."""
    found = [f"{first}" if first == last else f"{first}-{last}" for first, last in spans(lines)]
    return ", ".join(found[:_SPANS] + (["..."] if len(found) > _SPANS else []))


def spans(lines: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted numbers as pairs of the first and the last of each that follow one another."""
    runs = groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0])
    found = [[line for _, line in run] for _, run in runs]
    return [(run[0], run[-1]) for run in found]
