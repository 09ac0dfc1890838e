"""`key-drift`: a job changes what its element's cache key was made of."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_drifts


class KeyDrift:
    """The artifact is then stored under a key that describes something else."""

    id = "key-drift"
    severity = ERROR
    title = "leaves its element or a source with another get_unique_key() than its cache key was made of"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each unique key that changed."""
        return from_drifts(self, evidence)
