"""The report as workflow commands of GitHub Actions, which shows them beside the lines that they name.

One command for each group of new findings, the first with a line. GitHub shows the first ten errors and the first ten
warnings of a step, so what is known or allowed is only counted, in a notice at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.reports.located import finding_place
from enforcer.reports.message import finding_lines, headline, others_lines
from enforcer.reports.terminal import summary_lines
from enforcer.reports.value import FAILED, NOTHING_CHECKED, Group, Report

# What ends a command, a property or the list of them. A per cent sign first: it starts what the others become.
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def github_text(report: Report) -> str:
    """The commands, one a line. The first line is empty: a command counts at the start of a line only."""
    return "\n".join(["", *_commands(report), ""])


def _commands(report: Report) -> Iterator[str]:
    for text in report.errors:
        yield _command("error", text, title="enforcement could not look")
    for group in report.groups:
        if group.is_new:
            yield _group(report, group)
    if report.omitted_groups:
        yield _command("warning", f"{report.omitted_groups:,} more groups of findings are not listed")
    for text in report.unwatched:
        yield _command("warning", text, title="a bst was not watched")
    level = "warning" if report.verdict == NOTHING_CHECKED and not report.not_due else "notice"
    closing = "\n".join(summary_lines(report))
    yield _command(level, closing, title=f"enforcement {report.mode} on {report.backend}: {report.verdict}")


def _group(report: Report, group: Group) -> str:
    finding = group.finding
    level = "error" if finding.fails and report.verdict == FAILED else "warning"
    _, *lines = [*finding_lines(finding), *others_lines(group.count)]
    place = finding_place(report, finding)
    where = {}
    if place is not None and place.path is not None:
        where = {"file": place.path, **({"line": str(place.line)} if place.line else {})}
    elif place is not None:
        lines.append(f"  {place.file} is not in this repository")
    text = "\n".join(line.removeprefix("  ") for line in lines)
    return _command(level, text, **where, title=f"{finding.rule}: {headline(finding)}")


def _command(name: str, text: str, **properties: str) -> str:
    shown = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in properties.items())
    return f"::{name}{' ' if shown else ''}{shown}::{_escaped(text, _DATA)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)
