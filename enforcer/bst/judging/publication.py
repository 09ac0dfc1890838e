"""What becomes of the refs that jobs write: put in place, put in place with a mark, or forgotten."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from enforcer.bst.judging.comparison import Comparison
from enforcer.bst.judging.verdict import Verdict
from enforcer.bst.publishing.distrust import Distrust
from enforcer.bst.publishing.held_refs import HeldResults
from enforcer.bst.publishing.tainted_refs import Mark, TaintedRefs
from enforcer.bst.publishing.unjudged_fetches import UnjudgedFetches
from enforcer.results.findings import Finding
from enforcer.session import Session

_MAKES_RESULTS = ("Build", "Fetch")
"""What a Pull job puts in place was made elsewhere."""


class Publication:
    """For the jobs of one scheduler run, one job at a time.

    Attributes:
        results: where their refs are held back.
    """

    def __init__(self, session: Session, context: Any, comparison: Comparison) -> None:
        self._session = session
        self._comparison = comparison
        self.results = HeldResults(context)
        self._tainted = TaintedRefs(context.cachedir)
        self._distrust = Distrust(session, lambda: self.results)
        self._unjudged_fetches = UnjudgedFetches(context)
        self._in_place_since_full_compare: list[str] = []
        self._staying: list[Finding] = []

    def begin(self, verdict: Verdict, element: Any) -> None:
        """A job is about to act."""
        if verdict.attempt.job.action == "Fetch":
            self._unjudged_fetches.begin(element, anew=self._session.settings.rejects_tainted)

    def refused_push(self, verdict: Verdict, element: Any) -> Mark | None:
        """Why a Push job is not to run, under enforcement strict: what it would send was made under a violation."""
        return self._distrust.of_element(element) if verdict.strict and verdict.attempt.job.action == "Push" else None

    def commit(self, verdict: Verdict, element: Any) -> None:
        """The job does not fail by its verdict: put what it wrote in place."""
        job = verdict.attempt.job
        self._staying += _staying(verdict)
        tainted = self._mark(verdict, element)
        refs = self.results.commit()
        if not tainted and job.action in _MAKES_RESULTS and not verdict.attempt.pulled:
            self._tainted.clear(refs)
        if self._comparison.since_full_compare.jobs:
            self._in_place_since_full_compare += refs
        if job.action == "Fetch" and not verdict.tainting:
            self._unjudged_fetches.end(element)

    def _mark(self, verdict: Verdict, element: Any) -> bool:
        """Mark what the job wrote, if it is no clean job's: before it is in place, so that a kill loses no mark."""
        action, held = verdict.attempt.job.action, self.results.held
        findings, marks = list(verdict.tainting), []
        if action in _MAKES_RESULTS:
            findings += self._staying
            marks = self._distrust.made_with(element, action, held)
        if not findings and not marks:
            return False
        mode = self._session.settings.mode.value if findings else marks[0].mode
        findings += [finding for mark in marks for finding in mark.findings]
        self._tainted.mark(held, mode, findings, self._session.run)
        return True

    def doubt(self, verdict: Verdict) -> None:
        """What jobs wrote since the last full compare counts no more when that found a violation."""
        refs = self._in_place_since_full_compare
        if verdict.doubts and verdict.strict:
            for ref in refs:
                Path(ref).unlink(missing_ok=True)
        elif verdict.doubts:
            there = {ref: ref for ref in refs if os.path.exists(ref)}
            self._tainted.mark(there, self._session.settings.mode.value, verdict.doubts, self._session.run)
        if not self._comparison.since_full_compare.jobs:
            refs.clear()

    def close(self) -> None:
        """The scheduler run is over."""
        self.results.close()
        self._unjudged_fetches.close()
        self._tainted.tidy()


def _staying(verdict: Verdict) -> list[Finding]:
    """Foreign changes that later jobs in this process see, too."""
    stuck = False if verdict.stuck else None
    return [each for each in (*verdict.tainting, *verdict.doubts) if each.undone in (None, stuck)]
