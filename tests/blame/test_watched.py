"""What changed since the line before, in a unit or in one container of it."""

from __future__ import annotations

import enum
from typing import Any

import pytest

from enforcer.blame.watched import Watched, holds_only_atoms
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from tests.graph.policies import OpenPolicy


class Thing:
    def __init__(self) -> None:
        self.names = ["a"]
        self.table = {"b": 1}


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def unit(thing: Thing) -> Unit:
    made = Unit("class", "Thing", [(thing, "")], shared=True)
    Graph(OpenPolicy()).add([made])
    return made


def seen(watched: Watched) -> list[tuple[str, Any]]:
    if watched.unchanged():
        return []
    return [(change.raw_path(), change.after) for _, change in watched.fresh()]


def test_a_unit_is_all_that_it_has(thing: Thing, unit: Unit) -> None:
    watched = Watched(unit)
    assert seen(watched) == []
    thing.names.append("b")
    thing.table["c"] = 2
    assert sorted(seen(watched)) == [(".names[1]", "b"), (".table['c']", 2)]
    assert seen(watched) == []


def test_one_container_is_nothing_else(thing: Thing, unit: Unit) -> None:
    watched = Watched(unit, thing.names)
    thing.table["c"] = 2
    assert watched.unchanged()
    thing.names.append("b")
    assert seen(watched) == [(".names[1]", "b")]
    assert [objects for _, objects in watched.groups()] == [[thing.names]]


def test_what_differed_before_was_no_line(thing: Thing, unit: Unit) -> None:
    thing.names.append("b")
    watched = Watched(unit, thing.names)
    thing.names.append("c")
    assert seen(watched) == [(".names[2]", "c")]


def test_it_knows_what_it_saw_last(thing: Thing, unit: Unit) -> None:
    watched = Watched(unit)
    thing.table["c"] = 2
    ((key, change),) = watched.fresh()
    assert watched.last_saw(key, change)
    thing.table["c"] = 3
    ((_, later),) = Watched(unit)._entries().items()
    assert not watched.last_saw(key, later)


class Colour(enum.Enum):
    RED = "red"
    MIXED = ["red", "blue"]


class Flags(enum.Flag):
    ONE = 1
    TWO = 2


class Level:
    """As BuildStream makes them."""

    def __init__(self, value: int) -> None:
        self.value = value


Level.LOW = Level(1)  # type: ignore[attr-defined]


class Slotted:
    __slots__ = ("value",)


Slotted.ONE = Slotted()  # type: ignore[attr-defined]


def test_a_member_of_an_enumeration_is_no_other(unit: Unit) -> None:
    low = Level.LOW  # type: ignore[attr-defined]
    made = Unit("class", "Level", [(Level, "")], shared=True)
    Graph(OpenPolicy()).add([made])
    watched = Watched(made, low)
    Level.__doc__ = "another"
    assert watched.unchanged()
    low.value = 2
    assert seen(watched) == [(".LOW.value", 2)]
    low.value = 1


@pytest.mark.parametrize(
    ("container", "holds"),
    [
        (["a", 1, None], True),
        ({"a": 1}, True),
        ({1, 2}, True),
        ([[]], False),
        ({"a": []}, False),
        ({(1, 2): 1}, False),
        (("a",), False),
        (type("List", (list,), {})(), False),
        (None, False),
        (Colour.RED, True),
        (Colour.MIXED, False),
        (Flags.ONE, True),
        (Level.LOW, True),  # type: ignore[attr-defined]
        (Level(1), False),
        (Slotted.ONE, False),  # type: ignore[attr-defined]
    ],
)
def test_a_container_stands_alone_where_nothing_in_it_can_be_changed_in_place(container: Any, holds: bool) -> None:
    assert holds_only_atoms(container) is holds
