"""When everything is compared, whom hooks on attribute access do not see, and what one process for all jobs tries."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from enforcer.bst.judging import comparison
from enforcer.bst.judging.comparison import CompareAll, SinceFullCompare
from enforcer.graph.compare import changed_cells
from tests.bst.loaded import Loaded

_JOB: Any = "a job"


def test_a_full_compare_is_due_when_it_stays_within_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(comparison.time, "monotonic", lambda: now)
    since_full_compare = SinceFullCompare()
    since_full_compare.swept(cost=1.0)
    now += 0.9 / comparison._SWEEP_SHARE
    assert not since_full_compare.due()
    now += 0.2 / comparison._SWEEP_SHARE
    assert since_full_compare.due()


def test_the_jobs_since_the_last_full_compare_are_remembered_until_the_next() -> None:
    since_full_compare = SinceFullCompare()
    since_full_compare.add(_JOB)
    since_full_compare.add(_JOB)
    assert since_full_compare.jobs == [_JOB, _JOB]
    since_full_compare.swept(cost=0.0)
    assert since_full_compare.jobs == []


def test_threads_only_try_to_encode_and_tell_what_could_not_be_sent(loaded: Loaded) -> None:
    shared = CompareAll(loaded.run_graph, loaded.replication.codec)
    loaded.app.note = threading.Lock()
    changed = changed_cells(loaded.unit)
    (refused,) = shared.encode(loaded.unit, changed)
    assert (refused.change.raw_path(), refused.type_name) == (".note", "_thread.lock")
    shared.keep(changed)
    assert changed_cells(loaded.unit) == []


def test_threads_take_what_main_did_before_a_job_for_the_state_to_compare_with(loaded: Loaded) -> None:
    shared = CompareAll(loaded.run_graph, loaded.replication.codec)
    loaded.app.note = "main's"
    assert shared.before(loaded.unit) == []
    loaded.app.note = "job's"
    shared.forget(changed_cells(loaded.unit))
    assert loaded.app.note == "main's"


def test_threads_undo_foreign_changes_whatever_the_mode(loaded: Loaded) -> None:
    shared = CompareAll(loaded.run_graph, loaded.replication.codec)
    loaded.base.note = "foreign"
    changed = changed_cells(loaded.run_graph.unit_of(loaded.base))
    assert shared.take_back(changed) == []
    assert not hasattr(loaded.base, "note")
    assert not shared.foreign_stays
