"""An explanation says what differs inside of two values, in few lines, and runs nobody's methods."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

import pytest

from enforcer.graph.compare import ABSENT
from enforcer.graph.difference import explain_difference
from tests.graph.hostile import Hostile, armed


def nothing(_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, "['a'][1]"),
        ([1], [1, 2], "[1]"),
        ({"a"}, {"b"}, '["a"] removed'),
        (OrderedDict(a=1), OrderedDict(a=2), "['a']"),
        (deque([1]), deque([2]), "[0]"),
        ({"a": (1,)}, {"a": (2,)}, "['a'][0]"),
        ({"a": float("nan")}, {"a": 1}, "['a']"),
        ({"a": b"\xff"}, {"a": b"\xfe"}, "['a']"),
        ([10**10_000], [10**10_000 + 1], ""),
    ],
)
def test_it_names_the_place(before: Any, after: Any, word: str) -> None:
    assert word in "\n".join(explain_difference(before, after, nothing))


@pytest.mark.parametrize(("before", "after"), [(ABSENT, {}), ({}, ABSENT), (1, 2), ("a", "b"), ({}, []), ({}, {})])
def test_there_is_nothing_to_explain(before: Any, after: Any) -> None:
    assert explain_difference(before, after, nothing) == ()


def test_there_are_few_lines() -> None:
    lines = explain_difference(list(range(50)), [str(value) for value in range(50)], nothing)
    assert len(lines) == 6
    assert lines[-1] == "and 45 more differences"


def test_objects_are_texts() -> None:
    with armed():
        assert explain_difference({"a": Hostile()}, {"a": Hostile()}, nothing) == ()
        assert explain_difference({"a": [Hostile()]}, {"a": []}, nothing) != ()


def test_shared_containers_do_not_multiply() -> None:
    def laughs(bottom: int) -> list[Any]:
        value: list[Any] = [bottom] * 200
        for _ in range(9):
            value = [value] * 200
        return value

    assert isinstance(explain_difference(laughs(1), laughs(2), nothing), tuple)
