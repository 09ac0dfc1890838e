"""How many jobs have to be checked, so that a run which looked at less than that fails."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from enforcer.errors import UsageError
from enforcer.results.job_counts import JobCounts
from enforcer.results.record import Record


class MinJobs(NamedTuple):
    """One minimum: of all checked jobs, or of those of one action that did not skip."""

    least: int
    action: str = ""

    @classmethod
    def parse(cls, name: str, text: str, actions: Collection[str]) -> MinJobs:
        """Read `N` or `ACTION=N`; anything else is a `UsageError` that begins with the option's `name`."""
        action, equals, number = text.strip().rpartition("=")
        if not number.isdecimal() or (equals and not action):
            raise UsageError(f"{name} is {text!r}: N or ACTION=N is needed, 1 or Build=1 for example")
        if action and action not in actions:
            raise UsageError(f"{name} is {text!r}: there is no action {action!r}, choose one of {', '.join(actions)}")
        return cls(int(number), action)

    def shortfall(self, record: Record) -> str | None:
        """The sentence that says what is missing, if anything is."""
        found = record.checked
        if self.action:
            counts = record.actions.get(self.action, JobCounts())
            found = counts.checked - counts.skipped
        if found >= self.least:
            return None
        what = f"{self.action} job" if self.action else "job"
        jobs, have = (what, "was") if found == 1 else (f"{what}s", "were")
        return f"{found} {jobs} {have} checked, but at least {self.least} {'has' if self.least == 1 else 'have'} to be"


def shortfalls(minimums: Iterable[MinJobs], record: Record) -> list[str]:
    """What the record falls short of, a sentence each."""
    return [f"{said}: the run fails" for each in minimums if (said := each.shortfall(record)) is not None]
