"""Which jobs take turns: those that are known to come to a lock, and those that were seen to."""

from __future__ import annotations

import pytest

pytest.importorskip("buildstream")

from enforcer.bst.observing.searches import PluginSearches
from enforcer.bst.runs.lock_turns import Lock, LockTurns, have_waited, waits
from enforcer.processes.exclusion import Waits
from enforcer.results.findings import Owner
from tests.bst.loaded import Loaded

ELSEWHERE = (Owner("module", "elsewhere"), "TABLE")
LOCK = Lock(Owner("module", "acme"), "LOCK", 1)
TABLE = Lock(Owner("class", "acme.Acme"), "TABLE", 2)


def test_jobs_like_one_that_used_a_lock_which_no_code_names_take_turns_from_then_on(loaded: Loaded) -> None:
    turns = LockTurns(loaded.run_graph, PluginSearches(loaded.run_graph).locks)
    assert turns.locks(loaded.app, "Fetch") == frozenset()
    turns.learn(loaded.app, "Fetch", [ELSEWHERE])
    assert turns.locks(loaded.app, "Fetch") == {Lock(*ELSEWHERE, 0)}
    # Another action, and an element of BuildStream's own kinds.
    assert turns.locks(loaded.app, "Build") == turns.locks(loaded.base, "Fetch") == frozenset()


def test_jobs_of_elements_of_buildstreams_own_kinds_are_not_held_back_for_one_of_them(loaded: Loaded) -> None:
    turns = LockTurns(loaded.run_graph, PluginSearches(loaded.run_graph).locks)
    turns.learn(loaded.base, "Fetch", [ELSEWHERE])
    assert turns.locks(loaded.base, "Fetch") == frozenset()


def test_a_job_that_waits_says_for_what() -> None:
    assert waits([TABLE, LOCK]) == (
        "waits for other jobs that can come to LOCK of module acme, TABLE of class acme.Acme"
    )


def test_what_was_waited_is_said_for_each_lock_for_which_jobs_had_to() -> None:
    assert have_waited({TABLE: Waits(1200, 1100, 3.25), LOCK: Waits(4, 0, 0.0)}) == [
        "1,200 jobs that can come to TABLE of class acme.Acme ran one at a time: 1,100 waited, together 3.2 s"
    ]
