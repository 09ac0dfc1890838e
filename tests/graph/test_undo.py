"""Undo puts back what cells held, keeps what others hold of them, and tells what it could not do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from enforcer.graph.undo import undo
from tests.graph.build import Thing, graph_of, paths


class Fickle:
    """A key whose hash depends on an attribute."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __hash__(self) -> int:
        return self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fickle) and self.value == other.value


class Broken:
    """A key that cannot be hashed any more."""

    broken = False

    def __hash__(self) -> int:
        if self.broken:
            raise RuntimeError("no hash")
        return 1


def test_a_key_that_changed_with_its_dict_finds_back() -> None:
    key = Fickle(1)
    mapping: dict[Any, int] = {key: 1}
    members = {key}
    graph = graph_of(Thing(x=mapping, y=members))
    mapping.pop(key)
    members.discard(key)
    key.value = 7
    assert graph.undo(graph.changed()) == []
    assert (mapping, members) == ({Fickle(1): 1}, {Fickle(1)})


def test_a_key_that_raises_is_told_and_stops_nothing_else() -> None:
    key = Broken()
    thing = Thing(x={key: 1, "a": 2}, y=[1])
    graph = graph_of(thing)
    thing.x.pop(key)
    thing.y.append(2)
    Broken.broken = True
    try:
        stuck = graph.undo(graph.changed())
    finally:
        Broken.broken = False
    assert [cell.cell.path() for cell in stuck] == [".x"]
    assert thing.y == [1]
    assert paths(graph) == []


def test_a_locked_bytearray_is_told() -> None:
    data = bytearray(b"a")
    graph = graph_of(Thing(x=data))
    data.append(1)
    with memoryview(data):
        assert [cell.cell.path() for cell in graph.undo(graph.changed())] == [".x"]


def test_what_a_cell_is_to_keep_is_kept_and_not_called_stuck() -> None:
    thing = Thing(x={"a": 1})
    graph = graph_of(thing)
    thing.x["a"] = 2
    thing.x["memo"] = 3
    [cell] = graph.changed()
    kept = replace(cell, changes=cell.changes[:1], before=[*cell.before, ("memo", 3)])
    assert graph.undo([kept]) == []
    assert thing.x == {"a": 1, "memo": 3}
    assert paths(graph) == []


def test_undo_works_after_another_unit_was_accepted() -> None:
    shared: list[int] = []
    one, other = Thing(core_x=shared), Thing(x=shared, y=1)
    graph = graph_of(one, other)
    one.core_x = None
    other.y = 2
    changed = graph.changed()
    own = [cell for cell in changed if cell.unit.name == "0.bst"]
    foreign = [cell for cell in changed if cell.unit.name == "1.bst"]
    graph.accept(own)
    assert graph.undo(foreign) == []
    assert other.y == 1


def test_a_plain_list_of_cells_is_restored_without_a_graph() -> None:
    thing = Thing(a=1)
    graph = graph_of(thing)
    thing.a = 2
    assert undo(graph.changed()) == []
    assert thing.a == 1
