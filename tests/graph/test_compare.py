"""What counts as a change, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest

from enforcer.graph.compare import ABSENT, ADDED, REMOVED, REORDERED, SET
from tests.graph.build import Thing, graph_of, paths
from tests.graph.hostile import Hostile, armed


def again(text: str) -> str:
    return "".join(list(text))


TEXT = "a longer text"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({TEXT: TEXT}, {again(TEXT): again(TEXT)}),
        ([TEXT, 10**30], [again(TEXT), int(str(10**30))]),
        ([float("nan")], [float("nan")]),
        ({1, TEXT}, {again(TEXT), 1}),
        ([(1, TEXT)], [(1, again(TEXT))]),
        ({frozenset({TEXT}): 1}, {frozenset({again(TEXT)}): 1}),
    ],
)
def test_equal_atoms_made_anew_are_no_change(before: Any, after: Any) -> None:
    graph = graph_of(Thing(x=before))
    before.clear()
    before.extend(after) if isinstance(before, list) else before.update(after)
    assert paths(graph) == []
    assert all(unit.unchanged() for unit in graph.units)  # the new objects are remembered: the next look is fast


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([1], [True], [(".x[0]", SET)]),
        ([1.0], [1], [(".x[0]", SET)]),
        ([0.0], [-0.0], [(".x[0]", SET)]),
        ([[]], [[]], [(".x[0]", SET)]),
        ([1, 2], [2, 1], [(".x", REORDERED)]),
        ([1, 1, 2], [1, 2, 2], [(".x[1]", SET)]),
        ([1, 2, 3, 4], [1, 5, 4], [(".x[1]", SET), (".x[2]", REMOVED)]),
        ([1, 4], [1, 2, 3, 4], [(".x[1]", ADDED), (".x[2]", ADDED)]),
        ([], [1], [(".x[0]", ADDED)]),
    ],
)
def test_changes_of_a_list(before: list[Any], after: list[Any], changes: list[tuple[str, str]]) -> None:
    graph = graph_of(Thing(x=before))
    before[:] = after
    assert paths(graph) == changes


def test_there_and_back_is_no_change() -> None:
    thing = Thing(x={"a": 1}, y=[1, 2], z={1, 2})
    graph = graph_of(thing)
    thing.x["b"] = 2
    del thing.x["b"]
    thing.y.append(thing.y.pop())
    thing.z.discard(1)
    thing.z.add(1)
    thing.new = 1
    del thing.new
    assert paths(graph) == []


def test_attributes_have_no_order() -> None:
    thing = Thing(a=1, b=2)
    graph = graph_of(thing)
    del thing.a
    thing.a = 1
    assert paths(graph) == []


def test_an_equal_container_in_the_place_of_another_is_a_change() -> None:
    thing = Thing(x=[1])
    graph = graph_of(thing)
    thing.x = [1]
    assert paths(graph) == [(".x", SET)]


def test_a_container_that_was_replaced_is_still_compared() -> None:
    thing = Thing(x=[1])
    graph = graph_of(thing)
    old, thing.x = thing.x, []
    old.append(2)
    assert paths(graph) == [(".x", SET), (".x[1]", ADDED)]
    graph.undo(graph.changed())
    assert thing.x is old
    assert old == [1]


def test_a_change_says_what_was_and_is() -> None:
    thing = Thing(x={"a": 1, "b": 2})
    graph = graph_of(thing)
    thing.x["a"] = 3
    del thing.x["b"]
    thing.x["c"] = 4
    [cell] = graph.changed()
    assert [(change.name, change.before, change.after) for change in cell.changes] == [
        ("a", 1, 3),
        ("b", 2, ABSENT),
        ("c", ABSENT, 4),
    ]
    assert cell.before == [("a", 1), ("b", 2)]
    assert repr(ABSENT) == "ABSENT"


def test_a_reordered_dict_names_its_keys() -> None:
    thing = Thing(x={"a": 1, "b": 2})
    graph = graph_of(thing)
    thing.x["a"] = thing.x.pop("a")
    [cell] = graph.changed()
    [change] = cell.changes
    assert (change.change, change.before, change.after, change.name) == (REORDERED, ["a", "b"], ["b", "a"], None)


def test_comparing_runs_no_equality_of_a_changed_value() -> None:
    one, other = Hostile(), Hostile()
    thing = Thing(x=[one], y={one: one}, z={one}, w=one)
    graph = graph_of(thing)
    thing.x[0] = thing.w = thing.y[one] = other
    thing.z.add(other)
    with armed():
        assert len(graph.changed()) == 4
