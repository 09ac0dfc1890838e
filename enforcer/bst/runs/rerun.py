"""Blame `rerun`: a Build job with a finding whose line was not seen runs once more, only to see it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from enforcer.results.findings import Finding

_RAN_FOR_IT = "the group of this finding was run again for another one"
_UNSEEN = "no line was seen changing it when the job ran again, either"


class Reruns:
    """Which jobs to run again, and what that shows; safe to use from any thread.

    Args:
        run_again: runs a job once more in a fresh replica, publishing nothing; returns what was found then.
    """

    def __init__(self, run_again: Callable[[Any], list[Finding]]) -> None:
        self._run_again = run_again
        self._lock = threading.Lock()
        self._groups: set[tuple[str, ...]] = set()

    def complete(self, job: Any, findings: list[Finding]) -> bool:
        """Give these findings, of `job`, their lines, as far as another run shows them; whether there was one."""
        open_ = [finding for finding in findings if finding.site is None and finding.rule.endswith("-write")]
        why_not = _why_not(job)
        if not open_ or why_not:
            _explain(open_, why_not)
            return False
        with self._lock:
            new = {finding.group for finding in open_} - self._groups
            self._groups |= new
        if not new:
            _explain(open_, _RAN_FOR_IT)
            return False
        seen = {(again.rule, again.owner, again.path): again for again in self._run_again(job) if again.site}
        for finding in open_:
            again = seen.get((finding.rule, finding.owner, finding.path))
            if again is None:
                _explain([finding], _UNSEEN)
            else:
                finding.site, finding.core, finding.unblamed = again.site, again.core, None
                finding.obtained = finding.obtained or again.obtained
        return True


def _why_not(job: Any) -> str:
    if job.action_name != "Build":
        return "only Build jobs are run again"
    return "a workspace is not built twice" if job.get_element()._get_workspace() else ""


def _explain(findings: list[Finding], reason: str) -> None:
    for finding in findings:
        finding.unblamed = f"{finding.unblamed}; {reason}"
