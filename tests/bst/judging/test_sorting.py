"""Foreign changes are sorted by which change each is, and no change is compared with another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.bst.judging import sorting
from enforcer.bst.judging.sorting import sort_foreign
from enforcer.graph.compare import ADDED, SET, ChangedCell, EntryChange
from enforcer.results.findings import Job
from tests.bst.judging.comparing import never_compared

MANY = 4000
JOB = Job("app.bst", "Build", 1)
_ANY: Any = None


def test_fills_of_core_are_told_from_the_rest_without_a_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = tuple(EntryChange(_ANY, _ANY, number, ADDED, None, number) for number in range(MANY))
    cell = ChangedCell(_ANY, _ANY, [], changes)
    fill = SimpleNamespace(name="a fill")
    monkeypatch.setattr(sorting, "fill_of", lambda change, job: None if change.name % 2 else fill)
    monkeypatch.setattr(EntryChange, "__eq__", never_compared)
    found = sort_foreign([cell], JOB)
    (back,), (filled,) = found.taken_back, found.fills
    assert [change.name for change in back.changes] == list(range(1, MANY, 2))
    assert back.before == [(number, number) for number in range(0, MANY, 2)], "what core filled in is kept"
    assert filled is cell
    assert found.counts == {"a fill": MANY // 2}


def test_a_value_replaced_by_an_equal_one_is_taken_back_and_no_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "fill_of", lambda change, job: None)
    before = [("names", ["a"])]
    cell = ChangedCell(_ANY, _ANY, before, (EntryChange(_ANY, _ANY, "names", SET, ["a"], ["a"]),))
    found = sort_foreign([cell], JOB)
    (back,) = found.taken_back
    assert (back.changes, back.before, found.fills) == ((), before, [])
    assert found.counts == {"recomputed equal values": 1}
