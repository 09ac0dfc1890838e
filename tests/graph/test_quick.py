"""The pass over many cells at once sees what each kind sees, where the objects it reads stay the same too."""

from __future__ import annotations

import itertools
import types
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import pytest

from enforcer.graph import kinds
from enforcer.graph.quick import QuickPass
from enforcer.graph.unit import CompareTogether, Unit
from tests.graph.build import Thing, graph_of, paths
from tests.graph.hostile import Hostile, HostileDict, HostileList, HostileSet, armed

pytestmark = pytest.mark.usefixtures("reading")
ONE, TWO, THREE = (Thing(), Thing(), Thing())


def ready_unit(root: Any) -> Unit:
    """A unit whose next compare is by the pass."""
    graph = graph_of(root)
    [unit] = graph.units
    with armed():
        assert unit.unchanged()
        assert unit.unchanged()
    return unit


def changed(unit: Unit) -> bool:
    with armed():
        return not unit.unchanged()


def filled(cls: Callable[[], Any], fill: Callable[[Any, list[Any]], None], values: list[Any]) -> Any:
    obj = cls()
    fill(obj, values)
    return obj


def fill_dict(mapping: Any, values: list[Any]) -> None:
    dict.clear(mapping)
    dict.update(mapping, {f"key{(ONE, TWO, THREE).index(value)}": value for value in values})


def fill_numbered_dict(mapping: Any, values: list[Any]) -> None:
    mapping.clear()
    mapping.update({(ONE, TWO, THREE).index(value): value for value in values})


def fill_list(sequence: Any, values: list[Any]) -> None:
    list.__setitem__(sequence, slice(None), values)


def fill_set(members: Any, values: list[Any]) -> None:
    set.clear(members)
    set.update(members, values)


def fill_deque(sequence: Any, values: list[Any]) -> None:
    sequence.clear()
    sequence.extend(values)


def fill_attributes(obj: Any, values: list[Any]) -> None:
    fill_dict(vars(obj), values)


def fill_slots(obj: Any, values: list[Any]) -> None:
    for name, value in zip("abc", (ONE, TWO, THREE), strict=True):
        if any(value is wanted for wanted in values):
            setattr(obj, name, value)
        elif hasattr(obj, name):
            delattr(obj, name)


class Slots:
    __slots__ = ("a", "b", "c")


def function() -> Any:
    return lambda: None


CONTAINERS: dict[str, tuple[Callable[[], Any], Callable[[Any, list[Any]], None]]] = {
    "dict": (dict, fill_dict),
    "dict with other keys than strings": (dict, fill_numbered_dict),
    "OrderedDict": (OrderedDict, fill_numbered_dict),
    "hostile dict": (HostileDict, fill_dict),
    "list": (list, fill_list),
    "hostile list": (HostileList, fill_list),
    "set": (set, fill_set),
    "hostile set": (HostileSet, fill_set),
    "deque": (deque, fill_deque),
    "instance": (Thing, fill_attributes),
    "function": (function, fill_attributes),
    "slots": (Slots, fill_slots),
}


@pytest.mark.parametrize(("make", "fill"), CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (([ONE], [TWO]), ([ONE, TWO], [])),
        (([ONE], [TWO]), ([], [ONE, TWO])),
        (([ONE], [TWO]), ([TWO, ONE], [])),
        (([ONE], [TWO]), ([], [TWO, ONE])),
        (([ONE], []), ([], [ONE])),
        (([ONE, TWO], [THREE]), ([ONE], [TWO, THREE])),
        (([ONE, TWO], [THREE]), ([TWO], [THREE, ONE])),
        (([ONE, TWO], [THREE]), ([TWO], [ONE, THREE])),
    ],
)
def test_entries_that_move_to_a_neighbour_are_seen(
    make: Any, fill: Any, before: tuple[list[Any], list[Any]], after: tuple[list[Any], list[Any]]
) -> None:
    first, second = filled(make, fill, before[0]), filled(make, fill, before[1])
    unit = ready_unit(Thing(x=first, y=second))
    fill(first, after[0])
    fill(second, after[1])
    assert changed(unit)
    fill(first, before[0])
    fill(second, before[1])
    fill(second, after[1])
    assert changed(unit)


def test_attributes_that_move_from_class_to_class_are_seen() -> None:
    first: Any = type("First", (), {"mark": ONE})
    second: Any = type("Second", (), {})
    quick = QuickPass([(kinds.CLASS, [first, second])])
    assert quick.unchanged()
    del first.mark
    second.mark = ONE
    assert not quick.unchanged()


def test_a_variable_that_moves_from_closure_to_closure_is_seen() -> None:
    for full, empty in ((0, 1), (1, 0)):
        cells = [types.CellType(), types.CellType()]
        cells[full].cell_contents = ONE
        unit = ready_unit(Thing(x=cells))
        cells[empty].cell_contents = cells[full].cell_contents
        del cells[full].cell_contents
        assert changed(unit)


def test_a_variable_that_is_all_there_is_and_goes_is_seen() -> None:
    cell = types.CellType(ONE)
    quick = QuickPass([(kinds.CLOSURE_CELL, [cell])])
    assert quick.unchanged()
    del cell.cell_contents
    assert not quick.unchanged()


def test_a_renamed_entry_is_seen() -> None:
    for make in (dict, HostileDict):
        mapping = make({"a": ONE, "b": TWO})
        unit = ready_unit(Thing(x=mapping))
        dict.clear(mapping)
        dict.update(mapping, {"a": ONE, "c": TWO})
        assert changed(unit)


def test_values_that_are_swapped_when_a_dict_gives_up_the_order_of_its_class_are_seen() -> None:
    class Pair:
        def __init__(self, *names: str) -> None:
            for name in names:
                setattr(self, name, Thing())

    pairs = [Pair("a", "b"), Pair("b", "a")]  # the second keeps its values in the order of the first
    for pair in pairs:
        unit = ready_unit(pair)
        attributes = vars(pair)
        (one, first), (other, second) = attributes.items()
        attributes.clear()
        attributes.update({one: second, other: first})
        assert changed(unit)


def test_keys_that_somebody_wrote_are_seen_and_none_of_their_methods_run() -> None:
    class Name(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("__eq__ ran")

    for key, empties in itertools.product((Hostile(), Name("a"), Name("b")), (False, True)):
        mapping: dict[Any, Any] = {"a": ONE}
        cell = types.CellType(TWO)
        unit = ready_unit(Thing(x=mapping, y=[cell]))
        mapping.clear()
        mapping[key] = ONE
        if empties:
            del cell.cell_contents  # the collector finds as many objects as before
        assert changed(unit)


def test_a_key_that_somebody_wrote_and_that_is_its_own_value_is_not_asked() -> None:
    one, other = Hostile(), Hostile()
    mapping = {one: one}
    unit = ready_unit(Thing(x=mapping))
    mapping.clear()
    mapping[other] = other
    assert changed(unit)


def test_methods_of_what_replaced_a_value_do_not_run() -> None:
    unit = ready_unit(thing := Thing(x={"a": 1}, y=[1], z={1}, w=1))
    for value in (thing.x, vars(thing)):
        value["a"] = value["w"] = Hostile()
    thing.y[0] = Hostile()
    assert changed(unit)


def test_a_dict_of_attributes_that_derives_from_dict_is_read_without_its_methods() -> None:
    for obj in (Thing(), function()):
        obj.__dict__ = HostileDict(a=1)
        unit = ready_unit(Thing(x=obj))
        dict.__setitem__(object.__getattribute__(obj, "__dict__"), "a", 2)
        assert changed(unit)


@pytest.mark.parametrize("make", [Thing, function])
def test_attributes_are_watched_in_the_dict_that_the_object_has_now(make: Callable[[], Any]) -> None:
    obj = make()
    for attributes in ({"a": 1}, {}):
        obj.__dict__ = attributes
        graph = graph_of(Thing(x=obj))
        assert paths(graph) == []
        obj.__dict__ = dict(attributes)  # an equal one is no change
        assert paths(graph) == []
        obj.b = 1
        assert paths(graph) == [(".x.b", "added")]


@pytest.mark.parametrize("field", ["__code__", "__defaults__", "__kwdefaults__", "__annotations__"])
def test_fields_of_a_function_are_seen(field: str) -> None:
    def other(a: int = 1, *, b: int = 2) -> None:
        """Has all of them."""

    obj = function()
    unit = ready_unit(Thing(x=obj))
    setattr(obj, field, getattr(other, field))
    assert changed(unit)


def test_what_is_equal_but_not_identical_is_looked_at_closely_once() -> None:
    thing = Thing(x={"a": "".join(["t", "wo"])})
    graph = graph_of(thing)
    [unit] = graph.units
    assert graph.changed() == []
    thing.x["a"] = "".join(["tw", "o"])
    assert not unit.unchanged()
    assert graph.changed() == []
    assert unit.unchanged()


def test_units_together_are_compared_with_their_latest_shadows() -> None:
    roots = [Thing(a=1, x=[]), Thing(a=1)]
    graph = graph_of(*roots)
    together = CompareTogether(graph.units)
    assert together.unchanged()
    for root in roots:
        root.a = 2
        assert not together.unchanged()
        graph.refresh()
        assert together.unchanged()
        root.a = 1
        assert not together.unchanged()
        assert paths(graph) == [(".a", "set")]
        graph.undo(graph.changed())
        assert together.unchanged()


def test_units_together_see_a_change_before_their_first_compare() -> None:
    thing = Thing(a=1)
    graph = graph_of(thing, Thing())
    thing.a = 2
    together = CompareTogether(graph.units)
    assert not together.unchanged()
    assert not together.unchanged()
    thing.a = 1
    assert together.unchanged()


def test_a_unit_sees_a_change_before_its_first_compare() -> None:
    thing = Thing(a=1)
    [unit] = graph_of(thing).units
    thing.a = 2
    assert not unit.unchanged()
    assert not unit.unchanged()
    thing.a = 1
    assert unit.unchanged()


def test_a_shadow_taken_anew_is_what_the_next_compare_goes_by() -> None:
    thing = Thing(x=[ONE])
    graph = graph_of(thing)
    [unit] = graph.units
    assert unit.unchanged()
    assert unit.unchanged()
    thing.x.append(TWO)
    graph.take_over(unit)
    thing.x.pop()
    assert changed(unit)
