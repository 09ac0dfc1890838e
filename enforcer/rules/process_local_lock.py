"""`process-local-lock`: a job relies on a lock that lives in a module or class."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import WARNING, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.fixes import Fix
from enforcer.rules.making import from_locks


class ProcessLocalLock:
    """Such a lock excludes the threads of its own process, and nobody where jobs are processes."""

    id = "process-local-lock"
    severity = WARNING
    title = "relies on a lock of a module or class, which excludes nobody in another process"
    fixes = (
        Fix(
            "a lock",
            "write into a temporary directory and rename it, or lock a file: `fcntl.flock(file, fcntl.LOCK_EX)`",
        ),
    )

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each lock that was used."""
        return from_locks(self, evidence)
