"""How many jobs were checked in a test, beside its outcome. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from enforcer.masking import counted
from enforcer.results.record import Record


class Progress:
    """For each of the tests that are running, how many there were of what."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, report: Any, record: Record | None) -> None:
        """Add what a phase of a test gave, before the phase is shown. A test that has ended is forgotten."""
        if report.when == "teardown":
            # Or the summary at the end would say it again, where a test is expected to follow its outcome.
            self._counts.pop(report.nodeid, None)
        elif record is not None:
            new = [finding.warns for finding in record.findings if finding.is_new]
            found = {"job": record.checked, "new violation": new.count(False), "warning": new.count(True)}
            self._counts[report.nodeid].update(found)

    def beside(self, report: Any, status: Any) -> Any:
        """The `status` of `pytest_report_teststatus`, with the count in its word."""
        category, letter, word = status
        counts: Counter[str] = self._counts.get(report.nodeid, Counter())
        if not counts.get("job") or not word:
            return status
        beside = f" ({', '.join(counted(number, noun) for noun, number in counts.items() if number)})"
        return category, letter, (word[0] + beside, word[1]) if isinstance(word, tuple) else word + beside
