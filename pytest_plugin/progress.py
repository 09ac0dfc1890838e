"""How many jobs were checked in a test, beside its outcome. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections import Counter
from typing import Any

from enforcer.masking import counted
from enforcer.results.record import Record


class Progress:
    """The jobs and the new findings of the tests that are running."""

    def __init__(self) -> None:
        self._jobs: Counter[str] = Counter()
        self._found: Counter[str] = Counter()

    def add(self, report: Any, record: Record | None) -> None:
        """Add what a phase of a test gave, before the phase is shown. A test that has ended is forgotten."""
        if report.when == "teardown":
            # Or the summary at the end would say it again, where a test is expected to follow its outcome.
            del self._jobs[report.nodeid], self._found[report.nodeid]
        elif record is not None:
            self._jobs[report.nodeid] += record.checked
            self._found[report.nodeid] += sum(finding.is_new for finding in record.findings)

    def beside(self, report: Any, status: Any) -> Any:
        """The `status` of `pytest_report_teststatus`, with the count in its word."""
        category, letter, word = status
        jobs, found = self._jobs[report.nodeid], self._found[report.nodeid]
        if not jobs or not word:
            return status
        counts = [counted(jobs, "job"), *([counted(found, "new violation")] if found else [])]
        beside = f" ({', '.join(counts)})"
        return category, letter, (word[0] + beside, word[1]) if isinstance(word, tuple) else word + beside
