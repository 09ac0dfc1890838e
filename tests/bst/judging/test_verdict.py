"""What was found is told apart by who can have done it, and told once; no change is compared with another."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.bst.judging import verdict as verdict_module
from enforcer.bst.judging.attempt import Outcome
from enforcer.bst.judging.comparison import Seen, Suspected
from enforcer.bst.judging.describing import Described
from enforcer.bst.judging.verdict import Case, Verdict
from enforcer.bst.observing.left_open import NOTHING_OPEN
from enforcer.bst.observing.left_running import NO_LEAKS
from enforcer.results.findings import Finding, Job, Owner
from enforcer.rules.evidence import Change, Evidence
from enforcer.session import Session
from enforcer.settings.settings import Settings
from tests.bst.judging.comparing import never_compared
from tests.reports.records import FINDING

MANY = 4000
JOB = Job("app.bst", "Build", 1)
SUSPECT = Job("earlier.bst", "Build", 1)


@pytest.fixture
def case() -> Case:
    """One in which nothing was found."""
    return Case(Seen([], Suspected([], []), Suspected([], [])), [], [])


@pytest.fixture
def verdict() -> Any:
    """One of which only what a test gives it is there."""
    made: Any = object.__new__(Verdict)
    made.attempt = SimpleNamespace(
        job=JOB,
        bst_job=None,
        prepared=SimpleNamespace(leakers=[SUSPECT], late=SimpleNamespace(processes=set(), all_leakers=[SUSPECT])),
        touches=None,
        locks=[],
        kept_locks=None,
        outcome=Outcome(),
        makers=None,
        drifts=(),
        leaks=NO_LEAKS,
        left_open=NOTHING_OPEN,
        launches=None,
        lines=None,
        accesses=None,
    )
    made._session = Session(Settings())
    made._run_graph, made._searches = None, SimpleNamespace(locks=None)
    return made


def test_what_the_job_was_seen_doing_is_told_from_the_rest_without_a_comparison(
    verdict: Any, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same change twice: one that a line of the job made, one that a thread of an earlier job can have made.
    changes = [Change(Owner("element", "dep.bst"), "element", ".x", "set", before=str(n)) for n in range(MANY)]
    described = [Described(change, number % 2 == 1) for number, change in enumerate(changes)]
    judged: list[Evidence] = []
    verdict._describe_and_undo = lambda violations: described
    verdict._evidence = lambda job, changes: Evidence(job, tuple(changes))
    verdict._threads = lambda: ()
    verdict._processes = verdict._open = lambda left: ()
    monkeypatch.setattr(verdict_module, "shared_locks", lambda *args: ())
    monkeypatch.setattr(verdict_module, "unshippable", lambda *args: ())
    monkeypatch.setattr(verdict_module, "apply_rules", lambda evidence: judged.append(evidence) or [])
    monkeypatch.setattr(Change, "__eq__", never_compared)
    verdict._find_on_job(case)
    of_job, of_suspect = judged
    assert (of_job.job, of_suspect.job) == (JOB, SUSPECT)
    assert [change.before for change in of_job.changes] == [str(n) for n in range(MANY) if n % 2]
    assert [change.before for change in of_suspect.changes] == [str(n) for n in range(MANY) if not n % 2]


@pytest.mark.parametrize(("failed", "told"), [(True, 1), (False, 3)])
def test_what_a_failed_job_says_by_its_failure_is_not_told_again(
    verdict: Any, case: Case, monkeypatch: pytest.MonkeyPatch, failed: bool, told: int
) -> None:
    said: list[list[str]] = []
    verdict.attempt.bst_job = SimpleNamespace(message=lambda kind, text, detail: said.append(detail.split("\n")))
    monkeypatch.setattr(Finding, "__eq__", never_compared)
    monkeypatch.setattr(verdict_module, "short_lines", lambda findings: ["one"] * len(findings))
    case.findings, case.from_leaked = [FINDING, FINDING], [replace(FINDING)]
    case.failing = [FINDING] if failed else []
    verdict._warn(case)
    assert said == [["one"] * told]
