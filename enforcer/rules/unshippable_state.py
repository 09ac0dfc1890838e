"""`unshippable-state`: a job leaves own state that cannot cross a process border."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import WARNING, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.fixes import Fix, after
from enforcer.rules.making import from_unshippable


class UnshippableState:
    """Where jobs are processes, what cannot be sent is absent in all others: in main, and for later jobs."""

    id = "unshippable-state"
    severity = WARNING
    title = "leaves state of its own that cannot be sent to another process"
    fixes = (
        Fix(
            "what all have, and was used",
            "make it in the job that uses it, and keep on `self` what a later job needs of it",
            lambda finding: finding.before is not None,
        ),
        Fix(
            "an open file",
            "close it before the job ends, `with open(path) as file:`, and keep the path",
            after(r"_io\."),
        ),
        Fix("a lock", "keep it in a local variable, or make it in `configure()`", after(r"_thread\.")),
        Fix("anything else", "keep it in a local variable, and on `self` what it was made from"),
    )

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each thing that cannot be sent."""
        return from_unshippable(self, evidence)
