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


NAMES = [f"name-{number}" for number in range(1000)]
TABLE = {name: number for number, name in enumerate(NAMES)}


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, ["['a'][1]: 2 became 3"]),
        ([1], [1, 2], ["+ [1]: 2"]),
        (NAMES, [*NAMES, "x"], ["+ [1000]: 'x'"]),
        (NAMES, ["x", *NAMES], ["+ [0]: 'x'"]),
        (NAMES, [*NAMES[:500], *NAMES[501:]], ["- [500]: 'name-500'"]),
        (NAMES, [*NAMES[:500], "x", *NAMES[501:]], ["[500]: 'name-500' became 'x'"]),
        (("a", "b"), ("a", "b", "c"), ["+ [2]: 'c'"]),
        (TABLE, {**TABLE, "x": 1}, ["+ ['x']: 1"]),
        (TABLE, {**TABLE, "name-7": None}, ["['name-7']: 7 became None"]),
        ({"a": 1, "b": {"c": [1]}}, {"b": {"c": []}}, ["- ['a']: 1", "- ['b']['c'][0]: 1"]),
        ({"a"}, {"b"}, ["+ 'b'", "- 'a'"]),
        ({*NAMES}, {*NAMES, "x"}, ["+ 'x'"]),
        ({"a": {1}}, {"a": {1, 2}}, ["+ ['a']: 2"]),
        (OrderedDict(a=1), OrderedDict(a=2), ["['a']: 1 became 2"]),
        (deque([1]), deque([2]), ["[0]: 1 became 2"]),
        ({"a": (1,)}, {"a": (2,)}, ["['a'][0]: 1 became 2"]),
        ({"a": float("nan")}, {"a": 1}, ["['a']: nan became 1"]),
        ({"a": b"\xff"}, {"a": b"\xfe"}, [r"['a']: b'\xff' became b'\xfe'"]),
        (100 * "-", 100 * "-" + "!", ["+ [100]: '!'"]),
        (100 * "-" + "!?", 100 * "-" + "?", ["- [100:101]: '!'"]),
        (90 * b"-" + b"lorem ipsum", 90 * b"-" + b"lorem dolor", ["[96:101]: b'ipsum' became b'dolor'"]),
    ],
)  # fmt: skip
def test_it_says_what_and_where(before: Any, after: Any, lines: list[str]) -> None:
    assert explain_difference(before, after, nothing) == tuple(lines)


def test_a_place_comes_after_those_before_it() -> None:
    lines = explain_difference(dict.fromkeys(range(11), 0), {2: 1, 10: 1, "a": 1}, nothing)
    assert lines[:4] == ("- [0]: 0", "- [1]: 0", "[2]: 0 became 1", "- [3]: 0")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ABSENT, {}),
        ({}, ABSENT),
        (1, 2),
        ("gcc", "clang"),
        (200 * "a", 200 * b"a"),
        ({}, []),
        ({}, {}),
        ([10**10_000], [10**10_000 + 1]),
    ],
)
def test_there_is_nothing_to_explain(before: Any, after: Any) -> None:
    assert explain_difference(before, after, nothing) == ()


def test_of_more_than_can_be_compared_nothing_is_said() -> None:
    assert explain_difference(NAMES, NAMES[::-1], nothing) == ()


def test_there_are_few_lines() -> None:
    lines = explain_difference(list(range(50)), [str(value) for value in range(50)], nothing)
    assert len(lines) == 5
    assert lines[-1] == "and 46 more differences"


def test_a_line_is_short() -> None:
    [line] = explain_difference(["a"], ["b" * 10_000], nothing)
    assert len(line) < 200


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"API_TOKEN": "hunter2"}, {"API_TOKEN": "hunter3"}, "['API_TOKEN']: <masked> became <masked>"),
        ({}, {"password": "hunter2"}, "+ ['password']: <masked>"),
        ([{"secret": "hunter2"}], [{}], "- [0]['secret']: <masked>"),
    ],
)
def test_a_secret_is_none_of_what_is_said(before: Any, after: Any, line: str) -> None:
    assert explain_difference(before, after, nothing) == (line,)


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
