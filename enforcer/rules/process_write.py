"""`process-write`: a job changes the process."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_changes


class ProcessWrite:
    """Any change of process-wide state, which all jobs share."""

    id = "process-write"
    severity = ERROR
    title = "changes the process: environment variables, working directory, umask, signal handlers, sys.path, locale"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of the process."""
        return from_changes(self, evidence, "process")
