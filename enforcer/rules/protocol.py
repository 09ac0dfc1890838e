"""What a rule is: three constants and one pure function.

Everything here, in `enforcer.rules.evidence`, `enforcer.rules.making`, `enforcer.rules.fixes` and in
`enforcer.findings` is for authors of rules. It is stable as the JSON report is: fields and functions are added, and
what there is keeps its name and its meaning until the next major version. Make `Evidence` and its parts by keyword in
tests of a rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from enforcer.results.findings import Finding
from enforcer.rules.evidence import Evidence


class Rule(Protocol):
    """One thing that a job must not do.

    A rule of another distribution may also have an attribute `page`, a `str` in Markdown, which `enforcer explain`
    prints. The page of a built-in rule is `docs/rules/<id>.md`.

    Any rule may have an attribute `fixes`, a tuple of `enforcer.rules.fixes.Fix`: messages show the first that fits a
    finding. A finding that has a `fix` already keeps it.
    """

    @property
    def id(self) -> str:
        """A stable name, part of the API: users put it into allow lists. Lower-case words with dashes between them."""

    @property
    def severity(self) -> str:
        """`error` or `warning`, and that of all its findings; a warning fails no job."""

    @property
    def title(self) -> str:
        """One line, to be read after "broken when a job"."""

    def findings(self, evidence: Evidence) -> Iterable[Finding]:
        """What of `evidence` breaks this rule; pure, and no exception but for a bug.

        Called in the process of the job, once its action is over, when there is anything in `evidence`. An exception
        fails the job, as one that could not be judged. Findings are best made with `enforcer.rules.making`, which
        masks secrets.
        """
