"""`foreign-write`: a job changes another element."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_changes


class ForeignWrite:
    """Any change of an element, or of a source, that the job does not run for."""

    id = "foreign-write"
    severity = ERROR
    title = "changes another element or a source of it"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of another element or its sources."""
        return from_changes(self, evidence, "element")
