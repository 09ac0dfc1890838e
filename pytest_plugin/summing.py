"""The run as a whole: its report, its files, its part of the exit status. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from typing import Any

import pytest

from enforcer.errors import EnforcerError
from enforcer.reports.cost import cost_line
from enforcer.reports.last_page import page_line
from enforcer.reports.terminal import brief_lines, rendered, report_lines
from enforcer.reports.value import CLEAN, Report, build_report, installed_versions
from enforcer.reports.write import write_reports
from enforcer.results.findings import Finding
from enforcer.results.record import Record
from enforcer.settings.baseline import learn
from enforcer.settings.min_jobs import shortfalls
from enforcer.settings.settings import Settings
from pytest_plugin.judging import fails

# How a run is spread over processes changes neither what it checks nor its report.
_SPREADING = (
    *("-n", "--numprocesses", "--maxprocesses", "--max-worker-restart", "--dist"),
    *("--tx", "--px", "--rsyncdir", "--rsyncignore"),
)


class Summary:
    """Adds up what all processes saw.

    Attributes:
        versions: of all Pythons that ran tests, where that was not this one alone.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self.versions: dict[str, str | None] | None = None
        self._record = Record()
        self._told: set[str] = set()
        self._report: Report | None = None
        self._problems: list[str] = []
        self._written: list[str] = []
        self._page: str | None = None
        self._update: str | None = None

    def add(self, record: Record | None, *, told: bool = False) -> None:
        """Add what a test, or a process outside of its tests, saw; `told` by the failure of the test that has it."""
        if record is not None:
            self._record.merge(record)
            self._told |= {finding.nodeid for finding in record.findings if told and finding.nodeid}

    def finish(self, session: pytest.Session) -> None:
        """Judge the run, and write the baseline and the report files."""
        self._update_baseline()
        self._report = build_report(
            self._record, self._settings, command(self._config), self.versions, directory=self._config.rootpath
        )
        self._problems += self._shortcomings()
        try:
            self._written = write_reports(self._report, self._settings.reports)
            self._page = page_line(self._report, self._settings, self._config.rootpath)
        except EnforcerError as error:
            self._problems.append(str(error))
        if (self._problems or self._record.errors) and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _update_baseline(self) -> None:
        baseline = self._settings.baseline
        if baseline is None or not self._settings.update_baseline:
            return
        try:
            self._update = learn(baseline, self._record.findings)
        except EnforcerError as error:
            self._problems.append(str(error))

    def show(self, terminalreporter: Any) -> None:
        """Print the report and the names of the files; quietly when there is nothing to say."""
        if self._report is None:
            return
        if lines := self._lines(self._report, terminalreporter):
            terminalreporter.write_sep("=", "enforcement")
            for line in lines:
                terminalreporter.write_line(line)
            if cost := cost_line(self._record.costs, self._settings.backend, in_pytest=True):
                terminalreporter.write_line(cost)
            if self._update is not None:
                terminalreporter.write_line(self._update, bold=True)
            for problem in self._problems:
                terminalreporter.write_line(problem, red=True, bold=True)
        for written in self._written:
            terminalreporter.write_sep("-", written)

    def show_page(self, terminalreporter: Any) -> None:
        """Print where the page is that a failed run leads to."""
        if self._page is not None:
            terminalreporter.write_line(self._page)

    def _lines(self, report: Report, terminalreporter: Any) -> list[str]:
        """With `-q` nothing where all is well and coverage was not asked for, with `-qq` only what was checked."""
        verbosity = self._config.option.verbose
        if verbosity < 0 and report.verdict == CLEAN and not (self._problems or self._update or report.coverage):
            return []
        found = (
            brief_lines(report)
            if verbosity < -1
            else report_lines(report, verbose=verbosity > 0, in_full=lambda finding: not self._is_told(finding))
        )
        # Where nobody looks at a terminal, in a pipe or a CI job, a width is pytest's guess.
        width = terminalreporter._tw.fullwidth if terminalreporter.isatty else None
        return rendered(found, width=width, colour=terminalreporter.hasmarkup)

    def _is_told(self, finding: Finding) -> bool:
        """Whether the failure of a test, above, has the finding in full."""
        option = self._config.option
        # With `line` that depends on pytest's version. Beside a failure of the test's own it is a section, as
        # captured output is.
        shows_failures = option.tbstyle not in ("no", "line") and option.showcapture == "all"
        return shows_failures and finding.nodeid in self._told and fails(finding, self._settings)

    def _shortcomings(self) -> list[str]:
        """Why the run fails although every test of it may have passed."""
        problems = []
        outside = [f for f in self._record.findings if f.nodeid is None and fails(f, self._settings)]
        if outside:
            problems.append(f"{len(outside)} of the findings come from builds outside of any test: the run fails")
        return problems + shortfalls(self._settings.min_jobs, self._record)


def header(settings: Settings, was_set: str | None) -> str:
    """The line at the top of a run; `was_set` is what the backend needed in the environment."""
    parts = [f"enforcement: {settings.mode.value} on {settings.backend}"]
    if settings.collect and not settings.update_baseline:
        parts.append("collecting")
    if settings.fresh:
        parts.append("fresh caches")
    if settings.baseline is not None:
        parts.append(f"{'updating' if settings.update_baseline else 'with'} baseline {settings.baseline.name}")
    parts.append(f"BuildStream {installed_versions()['buildstream'] or 'of an unknown version'}")
    return ", ".join(parts if was_set is None else [*parts, was_set])


def command(config: pytest.Config) -> list[str]:
    """The words that run this again, without how it was spread over processes."""
    words = ["pytest"]
    args = iter(map(str, config.invocation_params.args))
    for word in args:
        if word in _SPREADING:
            next(args, None)
        elif not word.startswith(tuple(f"{option}=" for option in _SPREADING)) and not _is_n(word):
            words.append(word)
    return words


def _is_n(word: str) -> bool:
    return word.startswith("-n") and (word[2:].isdigit() or word[2:] in ("auto", "logical"))
