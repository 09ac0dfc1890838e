"""Equal plain values: the same shape and atoms, in the same order, without anybody's `__eq__`."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from enforcer.graph.equal import equal_plain


class Liar:
    def __eq__(self, other: object) -> bool:
        raise AssertionError("nobody asks")

    __hash__ = object.__hash__


_ONE = Liar()


@pytest.mark.parametrize(
    "value",
    [[], {}, [1, ["a", {"b": (2.5, None)}]], {1, "x"}, OrderedDict(a=[1]), (frozenset({1}),), [_ONE]],
)
def test_a_copy_says_the_same(value: Any) -> None:
    copied = value if isinstance(value, tuple) else type(value)(value)
    assert equal_plain(value, copied)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1], [True]),
        ([], ()),
        ({}, OrderedDict()),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([[1]], [[2]]),
        ({1}, {1.0}),
        ([Liar()], [Liar()]),
        ([1], [1, 2]),
    ],
)
def test_another_value_does_not(before: Any, after: Any) -> None:
    assert not equal_plain(before, after)


def test_a_container_in_itself_ends() -> None:
    a: list[Any] = []
    a.append(a)
    b: list[Any] = []
    b.append(b)
    assert not equal_plain(a, b)
