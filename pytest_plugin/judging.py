"""What findings mean for the phase of the test that ran the build. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import unittest
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from _pytest.skipping import xfailed_key

from enforcer.errors import EnforcementWarning
from enforcer.reports.message import finding_lines, headline, short_line, what
from enforcer.reports.same_line import by_line
from enforcer.reports.shown import shown
from enforcer.results.findings import Finding
from enforcer.settings.settings import Mode, Settings
from pytest_plugin.item_state import PhaseFailure
from pytest_plugin.marking import Marked

SHOWN_GROUPS = 10
CUT_SHORT = (
    "the test ended with this build: BuildStream's fixture `cli` tells how a build failed only where BST_TEST_SUITE is "
    "set in the environment"
)
_NOT_TOLD = "Getting the last task error is only supported when running tests"
_SKIPS = (pytest.skip.Exception, unittest.SkipTest)


@dataclass
class Judged:
    """One finding, what the settings were when it was found, and the fixture that built, if one did."""

    finding: Finding
    marked: Marked
    fixture: str | None = None

    @property
    def fails(self) -> bool:
        """Whether it fails the phase."""
        return fails(self.finding, self.marked.settings)

    @property
    def warns(self) -> bool:
        """Whether it is shown as a warning."""
        finding = self.finding
        return finding.is_new and not self.fails and not self.marked.settings.update_baseline

    def where_findings_fail(self) -> Judged:
        """The same, judged as if no baseline was updated."""
        settings = self.marked.settings.with_(update_baseline=False)
        return replace(self, marked=replace(self.marked, settings=settings))

    def lines(self, others: Sequence[Finding] = ()) -> list[str]:
        """What there is to say about it, and about `others` that the same line made."""
        lines = finding_lines(self.finding, others=others)
        return lines if self.fixture is None else [*lines, f"  built in {self.fixture}"]


@dataclass
class ItemVerdict:
    """What a phase has to say: `failures` fail it, `warnings` are issued; in both, one entry a group or line of code.

    `short` is what fails it in one line each.
    """

    mode: Mode
    when: str
    failures: list[list[str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The same on one line."""
        more = len(self.short) - 1
        return f"{self.short[0]} (and {more} more)" if more > 0 else self.short[0]

    @property
    def text(self) -> str:
        """The failure's text."""
        blocks = ["\n".join(block) for block in self.failures[:SHOWN_GROUPS]]
        if len(self.failures) > SHOWN_GROUPS:
            blocks.append(f"... and {len(self.failures) - SHOWN_GROUPS} more")
        return "\n\n".join([*blocks, f"found by enforcement {self.mode.value} in a build of the {self.when} phase"])


def fails(finding: Finding, settings: Settings) -> bool:
    """Whether `finding` fails a test under `settings`."""
    return finding.fails and settings.fails_run


def verdict(mode: Mode, when: str, found: Iterable[Judged]) -> ItemVerdict:
    """Sum up a phase: one entry for all findings that are alike, or that one line made as often."""
    result = ItemVerdict(mode, when)
    for bundle in by_line(_grouped(found), lambda group: group[0].finding, alike=_alike):
        (first, *same), *rest = bundle
        others = [group[0].finding for group in rest]
        more = [f"  and {len(same)} more like it"] if same else []
        if first.fails:
            result.failures.append(first.lines(others) + more)
            result.short.append(short_line(first.finding, *others))
        elif first.warns:
            result.warnings += ["".join([one_line(group[0].finding), *more]) for group in bundle]
    return result


def _alike(group: list[Judged]) -> tuple[object, ...]:
    return (len(group), group[0].fixture, group[0].fails, group[0].warns)


def _grouped(found: Iterable[Judged]) -> list[list[Judged]]:
    groups: dict[tuple[object, ...], list[Judged]] = {}
    for judged in found:
        groups.setdefault((judged.finding.group, judged.fixture, judged.fails, judged.warns), []).append(judged)
    return list(groups.values())


def one_line(finding: Finding) -> str:
    """The rule, the job and what it changed."""
    safe = shown(finding)
    return f"{safe.rule}: {headline(safe)}: {what(safe)}"


def property_of(finding: Finding) -> str:
    """The same for the report's properties, and so for JUnit's XML: with why it fails nothing, if that is so."""
    return one_line(finding) if finding.accepted is None else f"{one_line(finding)} ({finding.accepted})"


def issue_warnings(item: pytest.Item, result: ItemVerdict) -> None:
    """Warn as Python warns; where the user's filters turn a warning into an error, it fails the phase."""
    for text in result.warnings:
        try:
            item.warn(EnforcementWarning(text))
        except EnforcementWarning:
            result.failures.append([f"EnforcementWarning: {text}"])
            result.short.append(f"EnforcementWarning: {text}")


def allow_loosened(found: Iterable[Judged]) -> None:
    """A marker's reason is why a finding may be: the run is not judged by it."""
    for judged in found:
        if judged.marked.reason is not None and judged.finding.fails and not judged.fails:
            judged.finding.allowed = judged.marked.reason


def allow_expected_failure(report: pytest.TestReport, findings: Iterable[Finding]) -> None:
    """What an xfail expected does not fail the run either."""
    reason = getattr(report, "wasxfail", None)
    if reason is None or not report.skipped:
        return
    for finding in findings:
        if finding.fails:
            finding.allowed = f"xfail: {reason}" if reason else "xfail"


def is_expected_to_fail(item: pytest.Item) -> bool:
    """Whether the test is marked xfail here and now, in a way that one of our failures satisfies."""
    xfail = item.stash.get(xfailed_key, None)
    if xfail is None or item.config.option.runxfail:
        return False
    raises = xfail.raises
    return raises is None or (isinstance(raises, (type, tuple)) and issubclass(pytest.fail.Exception, raises))


def passed_or_skipped(outcome: Any) -> bool:
    """Whether a phase did not fail by itself; a skip must not hide what was found before it."""
    if outcome.excinfo is None:
        return True
    return isinstance(outcome.excinfo[1], _SKIPS)


def was_cut_short(outcome: Any) -> bool:
    """Whether BuildStream's `cli` could not say how a build failed, which is no failure of the test's own."""
    error = None if outcome.excinfo is None else outcome.excinfo[1]
    return type(error).__module__ == "buildstream._exceptions" and str(error) == _NOT_TOLD


def force_failure(outcome: Any, text: str) -> BaseException:
    """Make the phase fail with `text`, seen by everything that judges outcomes (xfail, -x, --lf, --pdb)."""
    failure = _failure(text)
    outcome.force_exception(failure)
    return failure


def _failure(text: str) -> BaseException:
    try:
        pytest.fail(text, pytrace=False)
    except pytest.fail.Exception as error:
        return error


def complete_report(report: pytest.TestReport, call: pytest.CallInfo[None], failure: PhaseFailure) -> None:
    """Where something else had the word, a failure of the test's own for one, put the text beside it.

    The tests of unittest bring their own outcome along when the report is made; a skip must not win then either.
    """
    if failure.exception is not None and call.excinfo is not None and call.excinfo.value is failure.exception:
        return
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = failure.text
    else:
        report.sections.append(("enforcement", failure.text))


def locate(report: pytest.TestReport, item: pytest.Item, line: str) -> None:
    """A failure that was forced has no line of its own: `--tb=line` and the like lead to the test, not to us.

    Where pytest has one line for a failure, it may cut that, or show all of a text: so it gets one line, with what
    matters first. That stands also for a failure of the test's own that says nothing, as `assert_success()` of
    BuildStream's `cli` does not.
    """
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return
    if crash.path == __file__:
        crash.path, crash.lineno, crash.message = str(item.path), (item.location[1] or 0) + 1, line
    elif crash.message == AssertionError.__name__:
        crash.message = line
