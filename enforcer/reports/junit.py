"""The report as JUnit's XML: a test case for each group of findings, so that a CI page lists them one by one.

The first test case stands for the run itself. It passes if jobs were checked, so that a clean run is no empty file,
which some CI servers take for a mistake. A name says nothing of lines, elements and values: where a CI server
compares two runs, it shows the new groups as new failures. There are no times: the same run gives the same file.
"""

from __future__ import annotations

from xml.dom.minidom import parseString

from junitparser import Attr, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from enforcer.reports.located import finding_place
from enforcer.reports.message import finding_lines, headline, others_lines, what
from enforcer.reports.terminal import summary_lines
from enforcer.reports.value import FAILED, Group, Report

_SUITE = "enforcement"


class _Case(TestCase):
    """A test case with the place that some CI servers lead to."""

    file = Attr()
    line = Attr()


def junit_text(report: Report) -> str:
    """The report as XML; needs the extra `junit`."""
    suite = TestSuite(_SUITE)
    for name, value in _properties(report):
        suite.add_property(name, value)
    suite.add_testcases([_of_run(report), *(_of_group(report, group) for group in report.groups)])
    xml = JUnitXml(_SUITE)
    xml.add_testsuite(suite)
    # junitparser writes what the XML library that it finds writes; this differs by Python's version at most.
    return parseString(xml.tostring()).toprettyxml(indent=" ")  # type: ignore[no-untyped-call]


def _properties(report: Report) -> list[tuple[str, str]]:
    counts = {"jobs": report.jobs, "checked": report.checked, "cached": len(report.cached)}
    counts |= {"violations": report.new - report.warnings, "warnings": report.warnings}
    counts |= {"known": report.known, "allowed": report.allowed, "omitted": report.omitted}
    versions = [(name, version or "none") for name, version in report.versions]
    return [
        *(("verdict", report.verdict), ("mode", report.mode), ("backend", report.backend)),
        *versions,
        *((name, str(count)) for name, count in counts.items()),
    ]


def _of_run(report: Report) -> _Case:
    case = _Case("jobs were checked", _SUITE)
    closing = "\n".join(summary_lines(report))
    if report.errors:
        case.result = Error("enforcement could not look", "error")
        case.result[0].text = "\n\n".join(report.errors)
    elif not report.exercised:
        case.result = Skipped("nothing was checked")
    case.system_out = closing
    return case


def _of_group(report: Report, group: Group) -> _Case:
    finding = group.finding
    changed = f"{finding.plugin or finding.job.element}: {finding.owner.kind} {finding.template} {finding.change}"
    case = _Case(changed, f"{_SUITE}.{finding.rule}")
    place = finding_place(report, finding)
    if place is not None and place.path is not None:
        case.file = place.path
        if place.line:
            case.line = str(place.line)
    text = "\n".join([*finding_lines(finding), *others_lines(group.count)])
    if not group.is_new:
        case.result = Skipped(finding.accepted)
    elif finding.fails and report.verdict == FAILED:
        case.result = Failure(f"{headline(finding)}: {what(finding)}", finding.rule)
        case.result[0].text = text
        return case
    case.system_out = text
    return case
