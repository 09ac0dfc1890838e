"""The report as SARIF 2.1.0, which code scanning and editors read.

One result for each violation of the report. A file of the repository is given relative to `%SRCROOT%`; any other has a
base of its own, so that nobody takes it for one. What is known or allowed is a result with a suppression. There is no
`baselineState`: our baseline lists what is accepted, it is no earlier run.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from enforcer.reports.format import COVERAGE
from enforcer.reports.located import FilePlace, finding_place, place_at
from enforcer.reports.message import finding_lines, headline, others_lines, what
from enforcer.reports.terminal import summary_lines
from enforcer.reports.value import Group, Report, Violation
from enforcer.results.findings import Finding, Site
from enforcer.rules.pages import known_page

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_INSTALLED = "<site-packages>/"
_BASES = {
    "%SRCROOT%": "The root of the repository that the run was started in.",
    "PROJECT": "A BuildStream project that is not in the repository, a copy for a test for example.",
    "INSTALLED": "Where Python packages are installed.",
}


def sarif_text(report: Report) -> str:
    """The report as the text of a file; ASCII, so that no encoding can spoil it."""
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [_run(report)]}, indent=1) + "\n"


def _run(report: Report) -> dict[str, Any]:
    rules = sorted({group.finding.rule: group.finding.severity for group in report.groups}.items())
    indexes = {rule: index for index, (rule, _) in enumerate(rules)}
    return {
        "tool": {
            "driver": {
                "name": "enforcer",
                "version": dict(report.versions).get("enforcer") or "unknown",
                "rules": [_rule(rule, severity) for rule, severity in rules],
            }
        },
        "automationDetails": {"id": "enforcement/"},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {name: {"description": {"text": text}} for name, text in _BASES.items()},
        "results": [
            _result(report, group, violation, indexes) for group in report.groups for violation in group.violations
        ],
        "properties": {
            "verdict": report.verdict,
            "mode": report.mode,
            "backend": report.backend,
            "omitted": report.omitted,
            "coverage": report.coverage and COVERAGE.plain(report.coverage),
        },
    }


def _rule(rule: str, severity: str) -> dict[str, Any]:
    page = known_page(rule)
    described = {"id": rule, "name": rule, "defaultConfiguration": {"level": severity}}
    if page is None:
        return described
    return {**described, "shortDescription": {"text": _sentence(page)}, "help": {"text": page, "markdown": page}}


def _sentence(page: str) -> str:
    """The first paragraph of a page after its title."""
    paragraphs = [" ".join(part.split()) for part in page.split("\n\n")]
    return next((part for part in paragraphs if part and not part.startswith("#")), page)


def _invocation(report: Report) -> dict[str, Any]:
    told = [_notification("error", text) for text in report.errors]
    told += [_notification("warning", f"not watched: {text}") for text in report.unwatched]
    told += [_notification("note", line) for line in summary_lines(report)]
    command = {"commandLine": shlex.join(report.command)} if report.command else {}
    return {**command, "executionSuccessful": not report.errors, "toolExecutionNotifications": told}


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _result(report: Report, group: Group, violation: Violation, indexes: dict[str, int]) -> dict[str, Any]:
    finding = violation.finding
    place = finding_place(report, finding)
    related = list(_related(report, finding, place))
    text = f"{headline(finding)}: {what(finding)}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": indexes[finding.rule],
        "level": finding.severity,
        "message": {"text": _message(text, violation, place)},
        "locations": [_location(finding, place)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"enforcement/v1": violation.fingerprint},
        "occurrenceCount": violation.count,
        **_suppressions(finding),
        "properties": {
            "element": finding.job.element,
            "action": finding.job.action,
            "plugin": finding.plugin,
            **({"source": finding.source} if finding.source else {}),
            "nodeid": finding.nodeid,
            "groupCount": group.count,
            "allow": finding.allow_line,
            "fix": finding.fix,
        },
    }


def _message(text: str, violation: Violation, place: FilePlace | None) -> str:
    _, _, *lines = [*finding_lines(violation.finding), *others_lines(violation.count)]
    if place is not None and place.path is None:
        lines.append(f"  {place.file} is not in this repository")
    # `[text](address)` would be a link.
    return "\n".join([text, *(line.removeprefix("  ") for line in lines)]).replace("](", "] (")


def _location(finding: Finding, place: FilePlace | None) -> dict[str, Any]:
    owner = finding.owner
    logical = {"fullyQualifiedName": f"{owner.name}: {finding.path}", "name": owner.name, "kind": owner.kind}
    return {**({} if place is None else _physical(place)), "logicalLocations": [logical]}


def _related(report: Report, finding: Finding, shown: FilePlace | None) -> Iterator[dict[str, Any]]:
    """The other ends of the finding, whatever file they are in."""
    ends = (("changed here", finding.site), ("obtained here", finding.obtained), ("by way of this line", finding.core))
    others = [(text, site, place_at(report, site.file, site.line)) for text, site in ends if site is not None]
    for number, (text, site, place) in enumerate((each for each in others if each[2] != shown), 1):
        yield {"id": number, **_physical(place, site), "message": {"text": text}}


def _physical(place: FilePlace, site: Site | None = None) -> dict[str, Any]:
    if place.path is not None:
        base, path = "%SRCROOT%", place.path
    elif place.file.startswith(_INSTALLED):
        base, path = "INSTALLED", place.file.removeprefix(_INSTALLED)
    else:
        base, path = "PROJECT", place.file
    snippet = {"snippet": {"text": site.code}} if site is not None and site.code else {}
    region = {"region": {"startLine": place.line, **snippet}} if place.line else {}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(path), "uriBaseId": base}, **region}}


def _suppressions(finding: Finding) -> dict[str, Any]:
    if finding.is_new:
        return {}
    kind = "external" if finding.comment is None else "inSource"
    why = finding.accepted if finding.allowed is None else finding.allowed
    return {"suppressions": [{"kind": kind, "status": "accepted", "justification": why}]}
