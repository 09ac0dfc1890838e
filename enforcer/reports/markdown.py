"""The report in GitHub's Markdown, for a job's summary or a comment.

What others wrote stands in code blocks, or is written with character references only: neither Markdown nor HTML in
it means anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from enforcer.reports.coverage import gap
from enforcer.reports.located import finding_place
from enforcer.reports.message import finding_lines, headline, others_lines, what
from enforcer.reports.terminal import action_lines, summary_lines, trouble_lines
from enforcer.reports.value import Group, Report

SUMMARY_SIZE_LIMIT = 1_000_000
"""GitHub refuses the summary of a step that has more than 1 MiB (1,048,576 bytes), all of it."""

_TABLE = ("| rule | what | first place | findings |", "|---|---|---|---:|")
_CLOSE = "\n</details>\n"
_ROWS = 100


def markdown_text(report: Report) -> str:
    """The verdict, what was checked, a table of the groups, and details to open."""
    new = [group for group in report.groups if group.is_new]
    head, rest = _head(report), [*_reproduce(report, new), *_lists(report)]
    room = SUMMARY_SIZE_LIMIT - sum(map(_size, [head, *rest]))
    return "\n".join([head, *_within(room, new, report), *rest])


def _head(report: Report) -> str:
    lines = [f"### enforcement {report.mode} on {_escaped(report.backend)}: {report.verdict}", ""]
    told = [*(line.text for line in trouble_lines(report)), *summary_lines(report)]
    lines += [f"* {_escaped(line)}" for line in told]
    return "\n".join([*lines, ""])


def _within(room: int, groups: list[Group], report: Report) -> Iterator[str]:
    """The table, then the details of as many groups as there is room for; what is left out is counted."""
    if not groups:
        return
    table = "\n".join([*_TABLE, *(_row(report, group) for group in groups[:_ROWS]), ""])
    room -= _size(table)
    yield table
    shown = 0
    for group in groups:
        details = _details(group)
        room -= _size(details)
        if room < 1000:
            break
        yield details
        shown += 1
    hidden = len(groups) - shown + report.omitted_groups
    if hidden:
        yield f"{hidden:,} more groups are not shown.\n"


def _reproduce(report: Report, new: list[Group]) -> Iterator[str]:
    if new and report.command:
        yield _opening("Reproduce") + _block([shlex.join(report.command)]) + _CLOSE


def _row(report: Report, group: Group) -> str:
    finding = group.finding
    place = finding_place(report, finding)
    where = "" if place is None else f"{place.path or place.file}{f':{place.line}' if place.line else ''}"
    changed = f"{finding.plugin or finding.job.element}: {finding.template} {finding.change}"
    return f"| {_code(finding.rule)} | {_code(changed)} | {_code(where)} | {group.count:,} |"


def _details(group: Group) -> str:
    finding = group.finding
    tests = [f"  in test {finding.nodeid}"] if finding.nodeid is not None else []
    title = f"{_escaped(finding.rule)}: {_escaped(headline(finding))}, {_code(what(finding))}"
    return _opening(title) + _block([*finding_lines(finding), *others_lines(group.count), *tests]) + _CLOSE


def _lists(report: Report) -> Iterator[str]:
    """What was not checked, and why; what is known and allowed."""
    accepted = [group for group in report.groups if not group.is_new]
    for title, lines in (
        ("Known and allowed findings", [_accepted(group) for group in accepted]),
        ("What kept us from looking", list(report.errors)),
        ("Not watched", list(report.unwatched)),
        ("Why this was not a full run", list(report.partial)),
        ("Elements that were cached, so that nothing of them was checked", list(report.cached)),
        ("Jobs by action", action_lines(report)),
        ("Plugins whose code no checked job ran", list(report.without_turn)),
        ("Plugin code in checked jobs", _covered(report)),
        ("Elements without a checked job", list(report.coverage.skipped) if report.coverage else []),
        ("Objects that cannot be seen into", [f"{count:,} {name}" for name, count in report.opaque]),
    ):
        if lines:
            yield _opening(f"{title} ({len(lines):,})") + _block(_first(lines)) + _CLOSE


def _covered(report: Report) -> list[str]:
    return [f"{each.name}  {gap(each)}" for each in (report.coverage.own if report.coverage else ())]


def _accepted(group: Group) -> str:
    finding = group.finding
    return f"{finding.rule}  {headline(finding)}, {group.count:,}x: {finding.accepted}"


def _first(lines: list[str]) -> list[str]:
    """So many lines as stay far below the limit; each list has at most a tenth of it."""
    kept: list[str] = []
    room = SUMMARY_SIZE_LIMIT // 10
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            return [*kept, f"... and {len(lines) - len(kept):,} more"]
        kept.append(line)
    return kept


def _opening(title: str) -> str:
    return f"<details><summary>{title}</summary>\n\n"


def _block(lines: Iterable[str]) -> str:
    """A block of code that nothing inside of it can end."""
    text = "\n".join(lines)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}text\n{text}\n{fence}\n"


def _code(text: str) -> str:
    return f"<code>{_escaped(text)}</code>"


def _escaped(text: str) -> str:
    return "".join(c if c.isalnum() or c in " ,;" else f"&#{ord(c)};" for c in text)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))
