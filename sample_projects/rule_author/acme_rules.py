"""Rules of the ACME project."""

from collections.abc import Iterator

from enforcer.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.fixes import Fix
from enforcer.rules.making import from_change

PAGE = """\
# path-write

A job changed where programs are looked for: the variable `PATH` of another element, of the project or of the process.

## Why it matters

The ACME project allows its old plugins to write on environments of dependencies, one variable at a time. With another
`PATH` the commands of every later job run other programs than they name.

## The fix

Write the whole path of the program into the command.
"""


class PathWrite:
    """Stays an error where `foreign-write * environment[*]` is allowed."""

    id = "path-write"
    severity = ERROR
    title = "changes the PATH of something that is not its own"
    page = PAGE
    fixes = (Fix("any", "write the whole path of the program into the command"),)

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """One finding for each change of a variable PATH, whoever owns it."""
        for change in evidence.changes:
            if change.path.endswith("['PATH']"):
                yield from_change(self, evidence, change)
