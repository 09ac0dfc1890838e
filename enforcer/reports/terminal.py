"""The report for people: lines of at most one screen, whatever was found. Prints nothing itself."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TextIO

import click

from enforcer.masking import counted, cut
from enforcer.reports.coverage import coverage_lines
from enforcer.reports.message import TO_COPY, finding_lines, short_line
from enforcer.reports.same_line import by_line
from enforcer.reports.value import CLEAN, FAILED, NOTHING_CHECKED, WARNED, Action, Group, Report
from enforcer.results.findings import Finding, new_in_words
from enforcer.settings.settings import Mode

SCREEN = 50
_MANY = 3
_FRESH = "with --fresh, in pytest --enforce-fresh, all jobs run"

_STYLES: Mapping[str, Mapping[str, object]] = {
    "plain": {},
    "bold": {"bold": True},
    "dim": {"dim": True},
    "good": {"fg": "green"},
    "warn": {"fg": "yellow"},
    "bad": {"fg": "red", "bold": True},
}
_VERDICT_STYLES = {CLEAN: "good", WARNED: "warn", FAILED: "bad", NOTHING_CHECKED: "bad"}


class Line(NamedTuple):
    """One line of the report.

    Attributes:
        text: the line, without colours.
        style: one of `plain`, `bold`, `dim`, `good`, `warn`, `bad`.
        whole: meant to be copied, so never cut; a terminal wraps it.
    """

    text: str
    style: str = "plain"
    whole: bool = False


def wants_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether colours belong on `stream`: on a capable terminal only, and never against `NO_COLOR`."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def terminal_report(
    report: Report, *, width: int | None = None, colour: bool = False, height: int = SCREEN, verbose: bool = False
) -> list[str]:
    """The lines to print, none wider than `width` (None: as wide as they are) but those that are to be copied."""
    return rendered(report_lines(report, height, verbose), width=width, colour=colour)


def rendered(lines: Iterable[Line], *, width: int | None = None, colour: bool = False) -> list[str]:
    """Lines as they are printed."""
    return [_rendered(line, width, colour) for line in lines]


def _rendered(line: Line, width: int | None, colour: bool) -> str:
    text = line.text if width is None or line.whole else cut(line.text, width)
    style = _STYLES[line.style]
    return click.style(text, **style) if colour and style else text  # type: ignore[arg-type]


Told = Callable[[Finding], bool]
"""Whether a finding is to be told in full."""


def report_lines(
    report: Report, height: int = SCREEN, verbose: bool = False, in_full: Told = lambda finding: True
) -> list[Line]:
    """The report as lines with a style each; what does not fit into `height` lines is counted.

    `verbose` names, of what cannot be seen into, also what BuildStream itself has made.
    """
    head = [_verdict_line(report)]
    tail = _help_lines(report) + _closing_lines(report, verbose)
    return head + _group_lines(report, height - len(head) - len(tail), in_full) + tail


def brief_lines(report: Report) -> list[Line]:
    """The verdict, and what was and what was not checked."""
    return [_verdict_line(report), *trouble_lines(report), *_checked_lines(report)]


def _verdict_line(report: Report) -> Line:
    style = "dim" if report.verdict == NOTHING_CHECKED and report.not_due else _VERDICT_STYLES[report.verdict]
    return Line(f"enforcement {report.mode} on {report.backend}: {report.verdict}", style)


def _group_lines(report: Report, room: int, in_full: Told) -> list[Line]:
    """New groups in full while there is room, then one line each, then how many more there are.

    Groups that one line of code made, and as often, share a block.
    """
    new = [group for group in report.groups if group.is_new]
    bundles = by_line(new, lambda group: group.finding, alike=lambda group: (group.count, group.finding.nodeid))
    lines: list[Line] = []
    for position, bundle in enumerate(bundles):
        block = _block(report, bundle, in_full)
        # Later groups still need a line each, or at least an empty line, two of them and one that counts the others.
        reserved = min(len(bundles) - position - 1, 3) + 1
        if position and len(lines) + len(block) + reserved > room:
            return lines + _short_lines(report, bundles, position, room - len(lines))
        lines += block
    return lines


def _block(report: Report, bundle: Sequence[Group], in_full: Told) -> list[Line]:
    group, *others = bundle
    finding = group.finding
    findings = [each.finding for each in others]
    first, *rest = finding_lines(finding, others=findings) if in_full(finding) else [short_line(finding, *findings)]
    style = "bad" if finding.fails and report.mode == Mode.STRICT.value else "warn"
    lines = [Line(""), Line(first, style), *(Line(line, whole=line.startswith(TO_COPY)) for line in rest)]
    more = group.count - 1
    if more:
        lines.append(Line(f"  and {more:,} more like it{_for_example(group)}"))
    if finding.nodeid is not None:
        lines.append(Line(f"  reproduce: {_pytest_command(report, finding.nodeid)}", whole=True))
    return lines


def _for_example(group: Group) -> str:
    """A few other jobs of the group, with the state that they changed."""
    found = []
    for violation in group.violations:
        owner = violation.finding.owner.name
        found += [f"{example.job.element} on {owner}" for example in violation.examples]
    others = list(dict.fromkeys(found))[1 : 1 + _MANY]
    return f": {', '.join(others)}{', ...' if group.count > len(others) + 1 else ''}" if others else ""


def _short_lines(report: Report, bundles: Sequence[Sequence[Group]], start: int, room: int) -> list[Line]:
    """One line for each bundle of groups from `start` on, and one that counts those that get none."""
    stop = start + max(room - 2, 0)
    lines = [Line(""), *(Line(_short(bundle)) for bundle in bundles[start:stop])]
    hidden_groups = sum(map(len, bundles[stop:])) + report.omitted_groups
    if hidden_groups:
        hidden = report.new - sum(group.count for bundle in bundles[:stop] for group in bundle)
        lines.append(Line(f"... and {hidden_groups:,} more groups: {hidden:,} findings are not shown", "bold"))
    return lines


def _short(bundle: Sequence[Group]) -> str:
    group, *others = bundle
    finding = group.finding
    kind = finding.plugin or finding.job.element
    more = f", and {len(others)} more by the same line" if others else ""
    return f"{finding.rule}  {kind}: {finding.template} {finding.change}, {group.count:,}x{more}"


def _pytest_command(report: Report, nodeid: str) -> str:
    # With the usual caches it may find everything cached.
    fresh = [word for word in report.command if word == "--enforce-fresh"]
    return shlex.join(["pytest", "--enforce", report.mode, *fresh, nodeid])


def _help_lines(report: Report) -> list[Line]:
    """What to do about the first finding: run it again, allow it."""
    new = [group for group in report.groups if group.is_new]
    if not new:
        return []
    finding = new[0].finding
    entry = json.dumps(finding.allow_line, ensure_ascii=False)
    lines = [Line("")]
    if finding.nodeid is None and report.command:
        lines.append(Line(f"reproduce: {shlex.join(report.command)}", whole=True))
    lines.append(Line("allow:     in [tool.enforcer] of pyproject.toml"))
    lines.append(Line(f'  allow = [{{ entry = {entry}, reason = "why this is fine" }}]', whole=True))
    if finding.site or finding.obtained:
        lines.append(Line(f"  or beside the line: # enforcer: ignore[{finding.rule}] why this is fine", whole=True))
    return lines


def _closing_lines(report: Report, verbose: bool) -> list[Line]:
    """What was and what was not checked."""
    return [
        Line(""),
        *trouble_lines(report),
        *_checked_lines(report),
        *map(Line, coverage_lines(report.coverage)),
        *_blind_spot_lines(report, report.opaque if verbose else report.opaque_in_plugins),
        *_opaque_place_lines(report, verbose),
        *_disk_lines(report),
    ]


def summary_lines(report: Report) -> list[str]:
    """The same in few words, for a report that has places of its own for the rest."""
    lines = [line.text for line in (*_checked_lines(report), *_disk_lines(report))]
    return [*lines, *coverage_lines(report.coverage)]


def _checked_lines(report: Report) -> list[Line]:
    lines = [*_count_lines(report), *_nothing_lines(report)]
    return lines if report.not_due else [*lines, Line(_checked(report), "bold"), *_turn_lines(report)]


def _count_lines(report: Report) -> list[Line]:
    parts = [new_in_words(report.new, report.warnings)]
    parts += [f"{report.known:,} known"] if report.known else []
    parts += [f"{report.allowed:,} allowed"] if report.allowed else []
    style = _VERDICT_STYLES[report.verdict] if report.new else "good"
    return [Line(", ".join(parts), style)] if report.checked or report.new else []


def trouble_lines(report: Report) -> list[Line]:
    """What kept us from looking, and what is therefore in doubt."""
    lines = []
    for what, texts in (("COULD NOT LOOK", report.errors), ("NOT WATCHED", report.unwatched)):
        lines += [Line(f"{what}: {_sentence(text)}", "bad") for text in texts[:_MANY]]
        if len(texts) > _MANY:
            lines.append(Line(f"{what}: {len(texts) - _MANY:,} times more", "bad"))
    lines += [Line(f"allow entry that matched nothing: {entry}", "warn") for entry in report.unused_allow[:_MANY]]
    lines += [Line(f"comment that no finding needed: {name}", "warn") for name in report.unused_comments[:_MANY]]
    if report.distrusted:
        names = ", ".join(report.distrusted[:_MANY]) + (", ..." if len(report.distrusted) > _MANY else "")
        lines.append(Line(f"not taken from the cache, as made under a violation: {names}", "warn"))
    return lines


def _sentence(text: str) -> str:
    """The line of a text that says most: the first, but the last of a bare traceback."""
    lines = text.splitlines() or ["?"]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


def _nothing_lines(report: Report) -> list[Line]:
    if report.not_due:
        return [Line(f"no job was checked: {report.not_due[0]}", "dim")]
    why = nothing_checked(report)
    return [] if why is None else [Line(f"NOTHING WAS CHECKED{why}", "bad")]


def nothing_checked(report: Report) -> str | None:
    """Why no plugin code was checked, after the words that say so; None where some was."""
    if report.exercised:
        return " in one of the merged runs" if report.verdict == NOTHING_CHECKED else None
    if report.checked:
        return f": {_core_only(report)}"
    if report.jobs:
        return ": no job was compared to its end"
    return f": everything was cached, so no job ran; {_FRESH}" if report.cached else ": no job ran"


def _core_only(report: Report) -> str:
    if report.cached:
        return f"{_no_build(report)}; {_FRESH}"
    actions = " and ".join(action.action for action in report.actions if action.checked) or "some"
    return f"only {actions} jobs ran, and none ran plugin code"


def _no_build(report: Report) -> str:
    were = _elements_were(report.cached)
    return f"no Build job ran: {were} pulled or cached; assemble() of their plugins was not checked"


def _turn_lines(report: Report) -> list[Line]:
    """Which plugin code had no turn, in a run of which some had one."""
    lines = []
    built = any(action.plugin_code for action in report.actions if action.action == "Build")
    if report.exercised and report.cached and report.actions and not built:
        lines.append(Line(_no_build(report), "warn"))
    if report.checked and report.without_turn:
        names = ", ".join(report.without_turn[:_MANY])
        dots = f" and {len(report.without_turn) - _MANY:,} more" if len(report.without_turn) > _MANY else ""
        lines.append(Line(f"no checked job ran code of {names}{dots}"))
    return lines


def _checked(report: Report) -> str:
    text = f"checked {report.checked:,} of {report.jobs:,} jobs"
    if actions := [_by_action(action) for action in report.actions]:
        text += f" ({', '.join(actions)})"
    return f"{text}; {_elements_were(report.cached)} cached" if report.cached else text


def _elements_were(names: Sequence[str]) -> str:
    return f"{counted(len(names), 'element')} {'was' if len(names) == 1 else 'were'}"


def action_lines(report: Report) -> list[str]:
    """The jobs of each action in full, for a report that has a place for it."""
    return [
        f"{each.action}: {each.checked:,} of {counted(each.jobs, 'job')} checked, {each.skipped:,} skipped, "
        f"{each.plugin_code:,} ran plugin code"
        for each in report.actions
    ]


def _by_action(action: Action) -> str:
    of = "" if action.checked == action.jobs else f" of {action.jobs:,}"
    skipped = f", {action.skipped:,} skipped" if action.skipped else ""
    return f"{action.checked:,}{of} {action.action}{skipped}"


def _blind_spot_lines(report: Report, opaque: Sequence[tuple[str, int]]) -> list[Line]:
    """How much was compared, what cannot be seen into, and what the core did itself."""
    parts = [f"{report.cells:,} cells compared"] if report.cells else []
    if opaque:
        top = sorted(opaque, key=lambda item: (-item[1], item[0]))
        names = ", ".join(f"{count:,} {name}" for name, count in top[:_MANY])
        dots = ", ..." if len(top) > _MANY else ""
        parts.append(f"could not see into {counted(sum(count for _, count in top), 'object')}: {names}{dots}")
    if report.core_fills:
        fills = sum(count for _, count in report.core_fills)
        parts.append(f"{fills:,} lazy fill{'' if fills == 1 else 's'} by BuildStream itself")
    return [Line("; ".join(parts), "dim")] if parts else []


def _opaque_place_lines(report: Report, verbose: bool) -> list[Line]:
    """Where what cannot be seen into is, as far as it is in state of plugins."""
    if not report.opaque_in_plugins:
        return []
    places = report.opaque_places if verbose else report.opaque_places[:_MANY]
    lines = [Line(f"  {place}: {type_}", "dim") for place, type_ in places]
    more = len(report.opaque_places) - len(places)
    return [*lines, Line(f"  and {counted(more, 'more place')}: see -v", "dim")] if more else lines


def _disk_lines(report: Report) -> list[Line]:
    lines = [Line(f"left behind on disk: {path}", "warn") for path in report.left_behind[:_MANY]]
    more = len(report.left_behind) - _MANY
    return [*lines, Line(f"left behind on disk: {more:,} more", "warn")] if more > 0 else lines
