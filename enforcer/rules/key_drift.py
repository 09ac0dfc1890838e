"""`key-drift`: a job changes what its element's cache key was made of."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.fixes import Fix, after
from enforcer.rules.making import from_drifts


class KeyDrift:
    """The artifact is then stored under a key that describes something else."""

    id = "key-drift"
    severity = ERROR
    title = "leaves its element or a source with another get_unique_key() than its cache key was made of"
    fixes = (
        Fix("a key that cannot be told any more", "let `get_unique_key()` work after the job, too", after("raised ")),
        Fix("another key", "keep what a job computes in an attribute that `get_unique_key()` does not read"),
    )

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each unique key that changed."""
        return from_drifts(self, evidence)
