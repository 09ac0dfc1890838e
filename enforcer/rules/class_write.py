"""`class-write`: a job changes a class."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_changes


class ClassWrite:
    """Any change of a class, which all elements of that kind share."""

    id = "class-write"
    severity = ERROR
    title = "changes an attribute of a plugin class or of a class of BuildStream"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of a class."""
        return from_changes(self, evidence, "class")
