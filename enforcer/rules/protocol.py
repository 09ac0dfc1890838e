"""What a rule is: three constants and one pure function."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from enforcer.findings import Finding
from enforcer.rules.evidence import Evidence


class Rule(Protocol):
    """One thing that a job must not do."""

    @property
    def id(self) -> str:
        """A stable name, part of the API: users put it into allow lists; the rule's page is `docs/rules/<id>.md`."""

    @property
    def severity(self) -> str:
        """`error` or `warning`."""

    @property
    def title(self) -> str:
        """One line, to be read after "broken when a job"."""

    def findings(self, evidence: Evidence) -> Iterable[Finding]:
        """What of `evidence` breaks this rule; pure, and no exception but for a bug."""
