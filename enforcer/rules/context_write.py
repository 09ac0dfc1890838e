"""`context-write`: a job changes the context."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_changes


class ContextWrite:
    """Any change of what a whole BuildStream session shares."""

    id = "context-write"
    severity = ERROR
    title = "changes the context or what hangs on it: workspaces, messenger, caches"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of the context."""
        return from_changes(self, evidence, "context")
