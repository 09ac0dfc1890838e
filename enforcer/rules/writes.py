"""The six rules about what a job changes: they differ only in whose state it is."""

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


class ProjectWrite:
    """Any change of what all elements of a project share."""

    id = "project-write"
    severity = ERROR
    title = "changes its project or a source mirror"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of a project."""
        return from_changes(self, evidence, "project")


class ContextWrite:
    """Any change of what a whole BuildStream session shares."""

    id = "context-write"
    severity = ERROR
    title = "changes the context or what hangs on it: workspaces, messenger, caches"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of the context."""
        return from_changes(self, evidence, "context")


class ClassWrite:
    """Any change of a class, which all elements of that kind share."""

    id = "class-write"
    severity = ERROR
    title = "changes an attribute of a plugin class or of a class of BuildStream"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of a class."""
        return from_changes(self, evidence, "class")


class ModuleWrite:
    """Any change of a module's globals or of a container that they hold."""

    id = "module-write"
    severity = ERROR
    title = "changes a global variable of a plugin module or of BuildStream"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of a module."""
        return from_changes(self, evidence, "module")


class ProcessWrite:
    """Any change of process-wide state, which all jobs share."""

    id = "process-write"
    severity = ERROR
    title = "changes the process: environment variables, working directory, umask, signal handlers, sys.path, locale"

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of the process."""
        return from_changes(self, evidence, "process")
