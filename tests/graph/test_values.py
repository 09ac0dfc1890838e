"""`same` and `hash_free_key` tell values apart as a program can, and run no code of theirs."""

from __future__ import annotations

import math
from typing import Any

import pytest

from enforcer.graph.values import full_class_name, hash_free_key, same
from tests.graph.hostile import Hostile, HostileByClass, armed

HOSTILE = Hostile()
OBJECT = object()
TEXT = "a longer text"
BIG = 10**30


def again(text: str) -> str:
    return "".join(list(text))


def nested(levels: int) -> tuple[Any, ...]:
    value: tuple[Any, ...] = ()
    for _ in range(levels):
        value = (value,)
    return value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXT, again(TEXT)),
        (BIG, int(str(BIG))),
        (1.5, float("1.5")),
        (math.nan, float("nan")),
        (-0.0, float("-0.0")),
        (range(3), range(3)),
        ((1, (TEXT, OBJECT)), (1, (again(TEXT), OBJECT))),
        (frozenset({TEXT, HOSTILE}), frozenset({HOSTILE, again(TEXT)})),
        (HOSTILE.method, HOSTILE.method),
        ([].append, None),
        (OBJECT, OBJECT),
    ],
)
def test_a_value_made_anew_is_the_same(one: Any, other: Any) -> None:
    if other is None:
        one, other = one.__self__.append, one.__self__.append
    with armed():
        assert same(one, other)
        keys = (hash_free_key(one), hash_free_key(other))
    assert (keys[0] == keys[1]) is (one == one)  # NaN as a key stands for itself alone


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        (1.0, 1),
        (1, 1.0),
        (-0.0, 0.0),
        (complex(0, -0.0), complex(0, 0.0)),
        ("a", b"a"),
        (None, False),
        ((1,), (True,)),
        ((1,), [1]),
        ((1, 2), (1,)),
        (frozenset({1}), frozenset({True})),
        ([], []),
        ({}, {}),
        (object(), object()),
        (Hostile(), Hostile()),
        (Hostile().method, Hostile().method),
        ([].append, [].append),
    ],
)
def test_another_value_is_not(one: Any, other: Any) -> None:
    with armed():
        assert not same(one, other)
        assert hash_free_key(one) != hash_free_key(other)


def test_two_nans_are_two_keys() -> None:
    one, other = float("nan"), float("nan")
    assert hash_free_key(one) == hash_free_key(one)
    assert hash_free_key(one) != hash_free_key(other)


def test_very_deep_tuples_are_the_same_only_as_the_same_object() -> None:
    deep = nested(10_000)
    assert same(deep, deep)
    assert not same(deep, (deep[0][0],))
    assert not same(nested(10_000), nested(10_000))
    assert hash_free_key(deep) == hash_free_key(deep)


def test_a_metaclass_is_not_asked() -> None:
    obj, other = HostileByClass(), HostileByClass()
    with armed():
        assert not same(obj, other)
        assert hash_free_key(obj) == hash_free_key(obj)
        assert full_class_name(HostileByClass) == "tests.graph.hostile.HostileByClass"
