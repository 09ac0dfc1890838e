"""The six rules about what a job changes: they differ only in whose state it is."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.making import from_changes


class _Write:
    """One finding for each change of a unit of one kind."""

    id: str
    title: str
    severity = ERROR
    unit_kind: str

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """See the class."""
        return from_changes(self, evidence, self.unit_kind)


class ForeignWrite(_Write):
    """Any change of an element, or of a source, that the job does not run for."""

    id = "foreign-write"
    title = "changes another element or a source of it"
    unit_kind = "element"


class ProjectWrite(_Write):
    """Any change of what all elements of a project share."""

    id = "project-write"
    title = "changes its project or a source mirror"
    unit_kind = "project"


class ContextWrite(_Write):
    """Any change of what a whole BuildStream session shares."""

    id = "context-write"
    title = "changes the context or what hangs on it: workspaces, messenger, caches"
    unit_kind = "context"


class ClassWrite(_Write):
    """Any change of a class, which all elements of that kind share."""

    id = "class-write"
    title = "changes an attribute of a plugin class or of a class of BuildStream"
    unit_kind = "class"


class ModuleWrite(_Write):
    """Any change of a module's globals or of a container that they hold."""

    id = "module-write"
    title = "changes a global variable of a plugin module or of BuildStream"
    unit_kind = "module"


class ProcessWrite(_Write):
    """Any change of process-wide state, which all jobs share."""

    id = "process-write"
    title = "changes the process: environment variables, working directory, umask, signal handlers, sys.path, locale"
    unit_kind = "process"
