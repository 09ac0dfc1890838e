"""What changed is sorted by which change it is, and no change is compared with another."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.bst.judging import attempt as attempt_module
from enforcer.bst.judging.attempt import Attempt
from enforcer.bst.observing.leaks import NOTHING
from enforcer.graph.compare import ADDED, ChangedCell
from enforcer.graph.compare import Change as GraphChange
from enforcer.results.findings import Finding, Job, Owner
from enforcer.rules.evidence import Change, Evidence
from enforcer.session import Session
from enforcer.settings.settings import Settings
from tests.reports.records import FINDING

MANY = 4000
JOB = Job("app.bst", "Build", 1)
_ANY: Any = None


def _never_compared(self: object, other: object) -> bool:
    raise AssertionError("two of them were compared")


@pytest.fixture
def attempt() -> Any:
    """One of which only what a test gives it is there."""
    made: Any = object.__new__(Attempt)
    made.job = JOB
    made._session = Session(Settings())
    return made


def test_fills_of_core_are_told_from_the_rest_without_a_comparison(
    attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = tuple(GraphChange(_ANY, _ANY, number, ADDED, None, number) for number in range(MANY))
    cell = ChangedCell(_ANY, _ANY, [], changes)
    fill = SimpleNamespace(name="a fill")
    monkeypatch.setattr(attempt_module, "fill_of", lambda change, job: None if change.name % 2 else fill)
    monkeypatch.setattr(GraphChange, "__eq__", _never_compared)
    (back,), (filled,) = attempt._sort([cell])
    assert [change.name for change in back.changes] == list(range(1, MANY, 2))
    assert back.before == [(number, number) for number in range(0, MANY, 2)], "what core filled in is kept"
    assert filled is cell
    with attempt._session.recording() as record:
        assert record.core_fills == {"a fill": MANY // 2}


def test_what_the_job_reached_is_told_from_the_rest_without_a_comparison(
    attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspect = Job("earlier.bst", "Build", 1)
    # The same change twice: one that the job reached, one that a thread of an earlier job made.
    described = [(number, Change(Owner("element", "dep.bst"), "element", ".x", "set")) for number in range(MANY)]
    judged: list[Evidence] = []
    attempt._describe = lambda violating: described
    attempt._evidence = lambda job, changes, *rest: Evidence(job, tuple(changes), (), (), (), None)
    attempt._prepared = SimpleNamespace(late=[suspect])
    attempt._touches = SimpleNamespace(obtained=lambda unit: unit % 2)
    attempt._run_graph = attempt._searches = attempt._bst_job = SimpleNamespace(locks=None)
    attempt._locks, attempt._drifts, attempt.leaks = [], (), NOTHING
    monkeypatch.setattr(attempt_module, "shared_locks", lambda *args: ())
    monkeypatch.setattr(attempt_module, "unshippable", lambda *args: ())
    monkeypatch.setattr(attempt_module, "apply_rules", lambda evidence: judged.append(evidence) or [])
    monkeypatch.setattr(Change, "__eq__", _never_compared)
    attempt._judge([], [], [])
    of_job, of_suspect = judged
    assert (of_job.job, of_suspect.job) == (JOB, suspect)
    assert list(map(id, of_job.changes)) == [id(change) for number, change in described if number % 2]
    assert list(map(id, of_suspect.changes)) == [id(change) for number, change in described if not number % 2]


@pytest.mark.parametrize(("failed", "told"), [(True, 1), (False, 3)])
def test_what_a_failed_job_says_by_its_failure_is_not_told_again(
    attempt: Any, monkeypatch: pytest.MonkeyPatch, failed: bool, told: int
) -> None:
    warned: list[list[Finding]] = []
    attempt._warn, attempt._ran = warned.append, None
    monkeypatch.setattr(Finding, "__eq__", _never_compared)
    attempt._record([FINDING, FINDING], [replace(FINDING)], failed)
    assert [len(findings) for findings in warned] == [told]
