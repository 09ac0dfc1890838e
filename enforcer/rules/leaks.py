"""`leaked-thread`, `leaked-process`, `leaked-descriptor`: a job leaves something running, open or behind."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.fixes import Fix, at
from enforcer.rules.making import from_leaks, from_open


class LeakedThread:
    """Whatever such a thread does later belongs to no job, and nobody judges it."""

    id = "leaked-thread"
    severity = ERROR
    title = "leaves a thread running when it ends"
    fixes = (Fix("a thread", "wait for it before the method returns: `with ThreadPoolExecutor() as pool:`"),)

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each thread left running."""
        return from_leaks(self, evidence, "thread", evidence.threads)


class LeakedProcess:
    """Such a process outlives its job's timing, its log and a terminated build."""

    id = "leaked-process"
    severity = ERROR
    title = "leaves a child process running when it ends"
    fixes = (Fix("a child process", "start it by `self.call()` or `self.check_output()`, which wait for it"),)

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each child process left running."""
        return from_leaks(self, evidence, "process", evidence.processes)


class LeakedDescriptor:
    """What is open in one process is in no other, and what nobody closes or removes is there for the next job."""

    id = "leaked-descriptor"
    severity = ERROR
    title = "leaves a file, socket or pipe open, or a temporary file behind, when it ends"
    fixes = (
        Fix(
            "a temporary file or directory",
            "make it below a directory that is removed: `with self.tempdir() as directory:` in a source, else "
            "`with tempfile.TemporaryDirectory() as directory:`",
            at("temporary"),
        ),
        Fix("whatever is open", "close it before the method returns: `with open(path) as file:`"),
    )

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each thing left open or behind."""
        return from_open(self, evidence)
