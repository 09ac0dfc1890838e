"""What several elements hold: one of them owns it if the policy knows which, else it is owned for all of them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Collection
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from enforcer.graph.graph import COMMON, Graph
from enforcer.graph.holdings import Holdings
from enforcer.graph.unit import Unit
from tests.graph import checks, oracle, programs
from tests.graph.build import Thing, element, graph_of, told
from tests.graph.hostile import armed
from tests.graph.policies import Border, OpenPolicy, Stranger

Choose = Callable[[object, Collection[Unit]], Unit | None]


def nobody(obj: object, holders: Collection[Unit]) -> None:
    """Who had it first is not known of anything."""


def named(name: str) -> Choose:
    return lambda obj, holders: next((unit for unit in holders if unit.name == name), None)


def test_the_one_that_had_it_first_owns_it_and_what_is_below_whoever_is_walked_first() -> None:
    inner: list[int] = []
    outer = {"inner": inner}
    graph = graph_of(Thing(a=outer), Thing(b=(outer,)), policy=OpenPolicy(owner_among=named("1.bst")))
    inner.append(1)
    assert told(graph.changed()) == [("1.bst", ".b[0]['inner'][0]", "added")]


def test_what_is_inside_of_another_one_s_container_stays_with_the_one_that_had_it_first() -> None:
    mine: list[int] = []
    graph = graph_of(Thing(table={"k": mine}), Thing(mine=mine), policy=OpenPolicy(owner_among=named("1.bst")))
    mine.append(1)
    assert told(graph.changed()) == [("1.bst", ".mine[0]", "added")]


def test_what_nobody_had_first_is_no_element_s_and_all_that_hold_it_are_known() -> None:
    shared = {"k": [1]}
    graph = graph_of(Thing(a=shared), Thing(b=[shared]), Thing(c=[]), policy=OpenPolicy(owner_among=nobody))
    shared["k"].append(2)
    [cell] = graph.changed()
    assert (cell.unit, [change.raw_path() for change in cell.changes]) == (graph.common, ["[0]['k'][1]"])
    assert list(map(str, graph.holders(cell.cell))) == ["0.bst a", "1.bst b[0]"]
    assert graph.undo([cell]) == []
    assert shared == {"k": [1]}


def test_it_stays_so_when_those_that_hold_it_are_walked_anew() -> None:
    shared: list[int] = []
    one, other = Thing(a=shared), Thing(b=shared)
    graph = graph_of(one, other, policy=OpenPolicy(owner_among=nobody))
    one.x, other.b = [[]], [shared]
    graph.refresh()
    shared.append(1)
    one.x[0].append(1)
    assert sorted(told(graph.changed())) == [("0.bst", ".x[0][0]", "added"), ("several elements", "[0][0]", "added")]


def test_an_element_that_alone_still_holds_what_another_one_had_first_owns_it() -> None:
    shared: list[int] = []
    maker, holder = Thing(a=shared), Thing(b=shared)
    graph = graph_of(holder, maker, policy=OpenPolicy(owner_among=named("1.bst")))
    maker.a = None
    graph.refresh()
    shared.append(1)
    assert told(graph.changed()) == [("0.bst", ".b[0]", "added")]


def test_the_framework_s_attribute_comes_before_whoever_had_it_first() -> None:
    shared: list[int] = []
    graph = graph_of(Thing(a=shared), Thing(core_b=shared), policy=OpenPolicy(owner_among=named("0.bst")))
    shared.append(1)
    assert told(graph.changed()) == [("1.bst", ".core_b[0]", "added")]


def test_what_a_shared_unit_holds_but_does_not_enter_is_found_there() -> None:
    class OnlyElements(OpenPolicy):
        def descends(self, unit: Unit, obj: object) -> bool:
            return not unit.shared or unit.kind == COMMON or type(obj) is not Thing or bool(obj.module)  # type: ignore[attr-defined]

    foreign = Thing(module=False, names=[])
    graph = Graph(OnlyElements(owner_among=named("0.bst")))
    module = Unit("module", "tools", [(Thing(module=True, THING=[foreign]), "")], shared=True)
    graph.add([module, element(Thing(a=foreign), "0.bst"), element(Thing(b=foreign), "1.bst")])
    foreign.names.append(1)
    [cell] = graph.changed()
    assert (cell.unit, str(graph.place(cell.cell))) == (graph.common, "tools THING[0]")


def test_whoever_holds_a_container_around_it_is_named_too() -> None:
    shared = {"k": [{"deep": []}]}
    graph = graph_of(Thing(a=shared), Thing(b=shared, c=shared["k"]))
    shared["k"][0]["deep"].append(1)
    [cell] = graph.changed()
    assert list(map(str, graph.holders(cell.cell))) == ["1.bst b", "1.bst c"]


def test_what_is_in_it_is_nobody_s_either_and_who_holds_only_that_is_named_too() -> None:
    inner: list[int] = []
    shared = {"k": inner}
    graph = graph_of(Thing(a=shared), Thing(b=shared), Thing(c=inner), policy=OpenPolicy(owner_among=nobody))
    inner.append(1)
    [cell] = graph.changed()
    assert (cell.unit, cell.cell.path()) == (graph.common, "[0]['k']")
    assert list(map(str, graph.holders(cell.cell))) == ["0.bst a", "1.bst b", "2.bst c"]


def containers(*roots: Any, known: Collection[int] = ()) -> list[Any]:
    holdings = Holdings(Graph(OpenPolicy()).registry)
    return list(holdings.containers_of(Unit("element", "", [(root, "") for root in roots]), known).values())


def test_what_an_element_holds_is_listed_without_the_framework_s_own_and_what_is_no_element_s() -> None:
    inner: list[int] = []
    thing = Thing(a=({"k": inner},), core_b=[[]], c=Border(), d=Stranger(), e=dict, f="text")
    thing.me = thing
    assert [id(obj) for obj in containers(thing)] == [id(thing.a[0]), id(inner)]
    assert [id(obj) for obj in containers(thing, known={id(thing.a[0])})] == [id(thing.a[0])]


def test_what_a_walk_would_find_is_what_is_listed() -> None:
    for number in range(50):
        source = random.Random(number)
        world = programs.World(source.randbytes(source.randrange(30, 250)))
        for root in world.elements:
            programs.set_attribute(root, "core_c", None)
            graph = graph_of(root)
            with armed():
                listed = {id(obj) for obj in containers(root)}
            rest: oracle.Snapshot = {}
            oracle.reach(root, rest)
            assert listed == rest.keys() - {id(root)}
            assert listed <= graph.registry.owner.keys()


@settings(settings.get_profile("graph"), max_examples=100)
@given(build=st.binary(min_size=30, max_size=250), wanted=st.binary(min_size=9, max_size=9))
def test_every_choice_of_the_policy_is_kept_and_all_is_watched(build: bytes, wanted: bytes) -> None:
    world = programs.World(build)
    nodes = [node for node in world.nodes if oracle.parts_of(node)] or [[]]
    places = itertools.product(world.elements, ("a", "b", "d"))
    for (root, name), number in zip(places, wanted, strict=True):
        programs.set_attribute(root, name, nodes[number % len(nodes)])
    before = oracle.snapshot(world.roots)
    place = {key: number for number, key in enumerate(before)}

    def owner_among(obj: object, holders: Collection[Unit]) -> Unit | None:
        ranked = [*sorted(holders, key=lambda unit: unit.name), None]
        return ranked[place[id(obj)] % len(ranked)]

    graph = Graph(OpenPolicy(owner_among=owner_among))
    with armed():
        graph.add(world.units())
        assert graph.changed() == []
    checks.check_watched(graph, before)
