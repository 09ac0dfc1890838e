"""What a function has computed is read in C, and named as it was called."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from enforcer.graph.function_caches import FUNCTION_CACHE, SHOWN, is_full
from tests.graph.build import Thing, graph_of, paths

SIZES = [None, 1000]


def _holding(*args: Any, **kwargs: Any) -> list[Any]:
    return [args, kwargs]


def _cached(maxsize: int | None, function: Callable[..., Any] = _holding) -> Any:
    return functools.lru_cache(maxsize=maxsize)(function)


def test_this_interpreter_shows_what_it_keeps() -> None:
    assert SHOWN


@pytest.mark.parametrize("maxsize", SIZES)
def test_results_are_read_by_their_arguments(maxsize: int | None) -> None:
    cached = _cached(maxsize)
    results = [cached(1), cached("a", 2), cached(), cached("b", named=3)]
    contents = FUNCTION_CACHE.contents(cached)
    assert all(any(result is value for _, value in contents) for result in results)
    steps = sorted(FUNCTION_CACHE.step(cached, key) for key, _ in contents)
    assert steps == ["('a', 2)", "('b', named=3)", "()", "(1)"]


def test_a_cache_without_room_and_one_that_was_not_asked_hold_nothing() -> None:
    nothing, unasked = _cached(0), _cached(None)
    nothing(1)
    assert FUNCTION_CACHE.contents(nothing) == FUNCTION_CACHE.contents(unasked) == []


@pytest.mark.parametrize("maxsize", SIZES)
def test_a_new_result_is_added_and_a_write_into_one_is_named(maxsize: int | None) -> None:
    cached = _cached(maxsize)
    kept = cached(1)
    graph = graph_of(Thing(x=cached))
    cached(2)
    kept.append("more")
    assert sorted(paths(graph)) == [(".x(1)[2]", "added"), (".x(2)", "added")]


def test_what_was_forgotten_is_put_back_where_python_lets_us() -> None:
    for maxsize, undone in ((None, True), (1000, False)):
        cached = _cached(maxsize)
        kept = cached(1)
        graph = graph_of(Thing(x=cached))
        cached.cache_clear()
        assert paths(graph) == [(".x(1)", "removed")]
        assert (graph.undo(graph.changed()) == []) is undone
        assert (cached(1) is kept) is undone


def test_the_order_in_which_results_were_used_is_none_of_their_state() -> None:
    cached = _cached(1000)
    cached(1), cached(2)
    graph = graph_of(Thing(x=cached))
    cached(1)
    assert paths(graph) == []


def test_a_cache_is_full_when_it_forgets_with_each_result() -> None:
    cached = _cached(2)
    cached(1)
    assert not is_full(cached)
    cached(2)
    assert is_full(cached)
    assert not is_full(_cached(None))
