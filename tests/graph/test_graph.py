"""Units share containers: one owns each, the others' aliases are known, and accepting keeps all of it watched."""

from __future__ import annotations

import threading
from typing import Any

from enforcer.graph import kinds
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Cell, Unit
from tests.graph.build import Thing, element, graph_of, paths, told
from tests.graph.policies import OpenPolicy


def test_the_framework_s_attribute_owns_before_any_other() -> None:
    shared: list[int] = []
    graph = graph_of(Thing(mine=shared), Thing(core_list=shared))
    shared.append(1)
    [cell] = graph.changed()
    assert cell.unit.name == "1.bst"
    assert list(map(str, graph.holders(cell.cell))) == ["0.bst mine"]


def test_between_equals_the_first_owns() -> None:
    shared: list[int] = []
    graph = graph_of(Thing(a=shared), Thing(b=[shared]))
    shared.append(1)
    [cell] = graph.changed()
    assert (cell.unit.name, list(map(str, graph.holders(cell.cell)))) == ("0.bst", ["1.bst b[0]"])


def test_a_shared_unit_owns_before_all_elements() -> None:
    shared: list[int] = []
    graph = Graph(OpenPolicy())
    project = Unit("project", "p", [(Thing(any=shared), "")], shared=True)
    graph.add([element(Thing(core_list=shared)), project])
    shared.append(1)
    [cell] = graph.changed()
    assert cell.unit is project


def test_a_holder_is_named_with_the_way_through_a_tuple() -> None:
    shared = bytearray(b"a")
    graph = graph_of(Thing(core_a=shared), Thing(b=({}, (shared,))))
    shared.append(1)
    [cell] = graph.changed()
    assert list(map(str, graph.holders(cell.cell))) == ["1.bst b[1][0]"]


def test_an_object_below_a_label_starts_with_it() -> None:
    source = Thing(ref=1)
    graph = Graph(OpenPolicy())
    graph.add([Unit("element", "a.bst", [(Thing(), ""), (source, "sources[0]")])])
    source.ref = 2
    assert paths(graph) == [("sources[0].ref", "set")]


def test_what_is_accepted_is_the_new_state_and_new_containers_are_watched() -> None:
    thing = Thing(x={})
    graph = graph_of(thing)
    thing.x["a"] = [[]]
    graph.accept(graph.changed())
    assert paths(graph) == []
    thing.x["a"][0].append(1)
    assert paths(graph) == [(".x['a'][0][0]", "added")]


def test_an_accepted_entry_under_an_object_leaves_the_other_cells_as_they_are_and_both_sides_are_watched() -> None:
    thing, key = Thing(x={}, y=[]), Thing(a=[])
    graph = graph_of(thing)
    before = list(graph.units[0].cells)
    thing.x[key] = value = []
    graph.accept(graph.changed())
    assert [cell for cell in graph.units[0].cells if cell in before] == before
    key.a.append(1)
    value.append(1)
    assert [change for _, change in paths(graph)] == ["added", "added"]
    graph.undo(graph.changed())
    assert (key.a, value, paths(graph)) == ([], [], [])


def test_what_an_object_that_was_a_key_led_to_is_dropped_with_its_entry() -> None:
    key = Thing(a=[])
    thing = Thing(x={key: 1})
    graph = graph_of(thing)
    del thing.x[key]
    graph.accept(graph.changed())
    key.a.append(1)
    assert paths(graph) == []


def test_what_was_dropped_is_no_longer_watched() -> None:
    thing = Thing(x=[1])
    graph = graph_of(thing)
    dropped, thing.x = thing.x, None
    graph.refresh()
    dropped.append(2)
    assert paths(graph) == []


def test_what_was_dropped_stays_watched_where_another_unit_holds_it() -> None:
    for shared in ([], bytearray(), Thing(a=[])):
        one, other = Thing(core_x=shared), Thing(y=(shared,))
        graph = graph_of(one, other)
        one.core_x = None
        graph.accept(graph.changed())
        (shared.a if isinstance(shared, Thing) else shared).append(1)
        assert [unit for unit, _, _ in told(graph.changed())] == ["1.bst"]


def test_what_was_dropped_stays_watched_below_a_container_of_a_third_unit() -> None:
    bottom: list[int] = []
    one, two, three = Thing(core_x=bottom), Thing(core_y=[bottom]), Thing()
    three.z = two.core_y
    graph = graph_of(one, two, three)
    one.core_x = None
    two.core_y = None
    graph.refresh()
    bottom.append(1)
    assert told(graph.changed()) == [("2.bst", ".z[0][0]", "added")]


def test_a_better_owner_wins_although_it_comes_later() -> None:
    shared: list[int] = []
    holder, owner = Thing(x=shared), Thing(core_y=None)
    graph = graph_of(holder, owner)
    owner.core_y = shared
    graph.refresh()
    shared.append(1)
    [cell] = graph.changed()
    assert (cell.unit.name, list(map(str, graph.holders(cell.cell)))) == ("1.bst", ["0.bst x"])


def test_a_shared_unit_that_is_added_later_wins_too() -> None:
    shared: list[int] = []
    graph = graph_of(Thing(core_x=shared))
    graph.add([Unit("project", "p", [(Thing(x=shared), "")], shared=True)])
    shared.append(1)
    assert [unit for unit, _, _ in told(graph.changed())] == ["p"]


def test_a_container_that_moves_between_units_is_watched_where_it_went() -> None:
    moved: list[int] = []
    one, other = Thing(x=moved), Thing()
    graph = graph_of(one, other)
    del one.x
    other.x = moved
    graph.refresh()
    moved.append(1)
    assert told(graph.changed()) == [("1.bst", ".x[0]", "added")]


def test_paths_follow_what_moved_within_a_list() -> None:
    inner: list[int] = []
    thing = Thing(x=[inner])
    graph = graph_of(thing)
    thing.x.insert(0, "an atom")
    graph.refresh()
    inner.append(1)
    assert paths(graph) == [(".x[1][0]", "added")]
    graph.undo(graph.changed())
    thing.x.pop(0)
    graph.refresh()
    inner.append(1)
    assert paths(graph) == [(".x[0][0]", "added")]


def test_accepting_one_unit_leaves_the_changes_of_another() -> None:
    one, other = Thing(a=1), Thing(b=1)
    graph = graph_of(one, other)
    one.a = other.b = 2
    graph.accept([cell for cell in graph.changed() if cell.unit.name == "0.bst"])
    assert told(graph.changed()) == [("1.bst", ".b", "set")]


def test_an_accepted_part_leaves_new_containers_beside_it_to_be_seen() -> None:
    thing = Thing(x={"a": 1}, y={})
    graph = graph_of(thing)
    thing.x["a"] = 2
    thing.y["new"] = inner = []
    graph.accept([cell for cell in graph.changed() if cell.cell.path() == ".x"])
    told_of_rest = paths(graph)
    graph.refresh()
    inner.append(1)
    assert told_of_rest in ([], [(".y['new']", "added")])
    assert paths(graph) == [(".y['new'][0]", "added")]


def test_cells_and_opaque_objects_are_counted() -> None:
    graph = graph_of(Thing(x=[{}], g=threading.Lock()))
    assert graph.cell_count() == len({id(cell) for unit in graph.units for cell in unit.cells}) >= 3
    assert graph.opaque() == {"_thread.lock": 1}
    graph.refresh()
    assert graph.opaque() == {"_thread.lock": 1}


def test_a_root_belongs_to_its_unit_wherever_it_is_held() -> None:
    one = Thing(a=1)
    other = Thing(friend=one, method=one.method)
    graph = graph_of(other, one)
    unit = graph.unit_of(one)
    one.a = 2
    [cell] = graph.changed()
    assert cell.unit is unit
    assert graph.unit_of(object()) is None


def test_a_unit_that_was_made_late_is_watched() -> None:
    graph = graph_of(Thing())
    late: Any = Thing(x=[])
    graph.add([element(late, "late.bst")])
    late.x.append(1)
    assert told(graph.changed()) == [("late.bst", ".x[0]", "added")]


def test_what_stands_behind_an_interface_of_a_shared_unit_is_no_element_s_that_holds_it() -> None:
    table = {"a": 1}
    process = Unit("process", "process", [([], "")], shared=True, fixed=[Cell(kinds.DICT, table, None, "table")])
    holder = Unit("element", "a.bst", [(Thing(table=table), "")])
    graph = Graph(OpenPolicy())
    graph.add([process, holder])
    table["b"] = 2
    assert [(cell.unit, cell.cell.name) for cell in graph.changed()] == [(process, "table")]
