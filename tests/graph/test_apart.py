"""Two values that are not the same never have the same text."""

from __future__ import annotations

import functools
import threading
import types
from collections.abc import Callable
from typing import Any

import pytest

from enforcer.graph.apart import show_apart, with_code
from tests.graph.hostile import Hostile, HostileByClass, HostileDict, armed


def nothing(_: object) -> None:
    return None


def place_of(code: types.CodeType) -> str:
    return f"plugins/kind.py:{code.co_firstlineno - _START}"


def first() -> int:
    return 1


_START = first.__code__.co_firstlineno


def made(number: int, kept: Any = None) -> Callable[[], Any]:
    def counting(by: Any = kept) -> Any:
        return number + by

    return counting


def other(number: int) -> Callable[[], Any]:
    def counting() -> Any:
        return number

    counting.__qualname__ = "made.<locals>.counting"
    return counting


class Thing:
    def __init__(self, name: str = "a") -> None:
        self.name = name
        self.lock = threading.Lock()

    def method(self) -> None:
        """Something to bind."""


class Slotted:
    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size


def class_named_thing(number: int) -> Any:
    return type("Thing", (), {"__module__": __name__, "size": number})


def redefined() -> type:
    class Thing:
        def method(self) -> None:
            """On another line."""

    Thing.__qualname__ = "Thing"
    return Thing


def module() -> types.ModuleType:
    return types.ModuleType("acme")


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (1, 2, ("1", "2")),
        (first.__code__, made.__code__, ("code of first() at plugins/kind.py:0",
                                         "code of made() at plugins/kind.py:7")),
        ((lambda: 1).__code__, (lambda: 2).__code__, None),
        (["a"], ["a"], ("['a']", "another ['a']")),
        ({}, {}, ("{}", "another {}")),
        (made(1), other(1), ("<function made.<locals>.counting> at plugins/kind.py:8",
                             "<function made.<locals>.counting> at plugins/kind.py:15")),
        (made(1), made(2), ("<function made.<locals>.counting> with number=1", "another with number=2")),
        (made(1, 4), made(1, 5), ("<function made.<locals>.counting> with by=4", "another with by=5")),
        (made(1), made(1), ("<function made.<locals>.counting>", "another <function made.<locals>.counting>")),
        (Thing(), Thing(), ("<Thing object>", "another <Thing object>")),
        (Thing("a"), Thing("b"), ("<Thing object> with name='a'", "another with name='b'")),
        (Slotted(1), Slotted(2), ("<Slotted object> with size=1", "another with size=2")),
        (Thing().method, Thing().method, ("<bound method Thing.method>", "another <bound method Thing.method>")),
        ([].append, [1].append, ("<built-in append> of []", "<built-in append> of [1]")),
        (functools.partial(first), functools.partial(first), ("<partial object>", "another <partial object>")),
        (functools.partial(first), functools.partial(made, 1), ("<partial object> at plugins/kind.py:0",
                                                                "<partial object> at plugins/kind.py:7")),
        (functools.partial(made, 1), functools.partial(made, 2), ("<partial object> of <function made>, 1",
                                                                  "<partial object> of <function made>, 2")),
        (Thing, redefined(), None),
        (Thing(), redefined()(), None),
        (class_named_thing(1), class_named_thing(2), (f"<class {__name__}.Thing>",
                                                      f"another <class {__name__}.Thing>")),
        (module(), module(), ("<module acme>", "another <module acme>")),
        (threading.Lock(), threading.Lock(), ("<lock object>", "another <lock object>")),
        ((Thing(),), (Thing(),), ("(<Thing object>,)", "another (<Thing object>,)")),
        (3000 * "a" + "b", 3000 * "a" + "c", None),
    ],
)  # fmt: skip
def test_the_texts_say_what_differs(before: Any, after: Any, texts: tuple[str, str | None] | None) -> None:
    shown = show_apart(before, after, with_code(nothing, place_of), place_of)
    assert shown[0] != shown[1]
    for text, expected in zip(shown, texts or (), strict=False):
        assert expected in (None, text)


def test_code_that_nothing_tells_apart_is_another_one() -> None:
    one, two = (compile("f = lambda: 1", "made", "exec").co_consts[0] for _ in range(2))
    assert show_apart(one, two, with_code(nothing, lambda _: "made:1"), place_of) == (
        "code of lambda at made:1",
        "another code of lambda at made:1",
    )


def test_a_function_with_more_default_values_than_parameters_is_shown() -> None:
    one, two = made(1), made(2)
    one.__defaults__ = two.__defaults__ = (1, 2, 3)
    assert show_apart(one, two, nothing, place_of)[1] == "another with number=2"


@pytest.mark.parametrize("kind", [Hostile, HostileDict, HostileByClass])
def test_nobodys_code_runs(kind: Callable[[], Any]) -> None:
    one, two = kind(), kind()
    with armed():
        old, new = show_apart(one, two, nothing, place_of)
        inside = show_apart(Thing(one), Thing(two), nothing, place_of)  # type: ignore[arg-type]
    assert (new, inside) == (f"another {old}", ("<Thing object>", "another <Thing object>"))
