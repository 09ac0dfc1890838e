"""`module-write`: a job changes a module."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_changes


class ModuleWrite:
    """Any change of a module's globals or of a container that they hold."""

    id = "module-write"
    severity = ERROR
    title = "changes a global variable of a plugin module or of BuildStream"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of a module."""
        return from_changes(self, evidence, "module")
