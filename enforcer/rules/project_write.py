"""`project-write`: a job changes a project."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_changes


class ProjectWrite:
    """Any change of what all elements of a project share."""

    id = "project-write"
    severity = ERROR
    title = "changes its project or a source mirror"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of a project."""
        return from_changes(self, evidence, "project")
