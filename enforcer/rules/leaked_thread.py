"""`leaked-thread`: a job leaves a thread running."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_leaks


class LeakedThread:
    """Whatever such a thread does later belongs to no job, and nobody judges it."""

    id = "leaked-thread"
    severity = ERROR
    title = "leaves a thread running when it ends"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each thread left running."""
        return from_leaks(self, evidence, "thread", evidence.threads)
