"""The walk finds everything mutable that a unit holds, once, ends everywhere, and counts what it cannot see into."""

from __future__ import annotations

import array
import collections
import functools
import io
import itertools
import socket
import threading
import types
import weakref
from typing import Any

import pytest

from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from tests.graph.build import Thing, element, graph_of, paths, told
from tests.graph.hostile import Hostile, HostileByClass, HostileDict, HostileList, HostileSet, HostileSlots, armed
from tests.graph.policies import Border, Leaf, OpenPolicy, Stranger

Pair = collections.namedtuple("Pair", "first second")


def holding(value: Any) -> Any:
    def function() -> Any:
        return value

    return function


def with_default(value: Any) -> Any:
    def function(key: Any = value) -> Any:
        return key

    return function


def with_annotation(value: Any) -> Any:
    def function(key: Any) -> Any:
        return key

    function.__annotations__["key"] = value
    return function


def with_keyword(value: Any) -> Any:
    def function(*, key: Any = value) -> Any:
        return key

    return function


def with_attribute(value: Any) -> Any:
    function = holding(None)
    function.attribute = value
    return function


class SubOfList(list):
    pass


def sub_of_list(value: Any) -> Any:
    made = SubOfList()
    made.attribute = value
    return made


def keyed(value: Any) -> dict[Any, int]:
    return {Thing(key=value): 1}


WAYS: list[tuple[str, Any, str]] = [
    ("attribute", lambda value: Thing(a=value), ".x.a"),
    ("list", lambda value: [0, value], ".x[1]"),
    ("dict", lambda value: {"k": value}, ".x['k']"),
    ("tuple", lambda value: (0, (value,)), ".x[1][0]"),
    ("named tuple", lambda value: Pair(0, value), ".x[1]"),
    ("set", lambda value: {Thing(a=value)}, ".x{…}.a"),
    ("frozenset", lambda value: frozenset({Thing(a=value)}), ".x{…}.a"),
    ("deque", lambda value: collections.deque([value]), ".x[0]"),
    ("bound method", lambda value: Thing(a=value).method, ".x.__self__.a"),
    ("built-in method", lambda value: value.append, ".x.__self__"),
    ("method wrapper", lambda value: value.__len__, ".x.__self__"),
    ("closure", holding, ".x.value"),
    ("default", with_default, ".x.__defaults__[0]"),
    ("keyword default", with_keyword, ".x.__kwdefaults__['key']"),
    ("annotation", with_annotation, ".x.__annotations__['key']"),
    ("function's attribute", with_attribute, ".x.attribute"),
    ("partial's function", lambda value: functools.partial(holding(value)), ".x.func.value"),
    ("partial's argument", lambda value: functools.partial(print, value), ".x.args[0]"),
    ("partial's keyword", lambda value: functools.partial(print, sep=value), ".x.keywords['sep']"),
    ("cached function", lambda value: functools.lru_cache(holding(value)), ".x.__wrapped__.value"),
    ("default factory", lambda value: collections.defaultdict(holding(value)), ".x.default_factory.value"),
    ("proxy", lambda value: types.MappingProxyType({"k": value}), ".x['k']"),
    ("static method", lambda value: staticmethod(holding(value)), ".x.__func__.value"),
    ("class method", lambda value: classmethod(holding(value)), ".x.__func__.value"),
    ("property", lambda value: property(holding(value)), ".x.fget.value"),
    ("attribute of a list", sub_of_list, ".x.attribute"),
    ("view of a dict", lambda value: {"k": value}.values(), ".x['k']"),
    ("view of an OrderedDict", lambda value: collections.OrderedDict(k=value).items(), ".x['k']"),
    ("key of a dict", keyed, ".x[<Thing object>].key"),
]


@pytest.mark.parametrize(("way", "path"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])
def test_a_container_is_found_wherever_it_hangs(way: Any, path: str) -> None:
    value: list[int] = []
    graph = graph_of(Thing(x=way(value)))
    value.append(1)
    assert paths(graph) == [(f"{path}[0]", "added")]


def test_a_container_that_is_reached_twice_is_one_cell_at_its_shortest_path() -> None:
    shared: list[int] = []
    graph = graph_of(Thing(far=Thing(near=shared), short=shared))
    shared.append(1)
    assert paths(graph) == [(".short[0]", "added")]


def test_cycles_end() -> None:
    loop: list[Any] = []
    thing = Thing(loop=loop)
    loop += [loop, (loop, thing), {"thing": thing}, thing.method, holding(thing)]
    graph = graph_of(thing)
    assert paths(graph) == []
    loop.append(1)
    assert paths(graph) == [(".loop[5]", "added")]


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: (inner,), lambda inner: Thing(a=inner)])
def test_ten_thousand_levels_are_no_recursion(wrap: Any) -> None:
    bottom: list[int] = []
    value: Any = bottom
    for _ in range(10_000):
        value = wrap(value)
    graph = graph_of(Thing(x=value))
    bottom.append(1)
    [(path, change)] = paths(graph)
    assert (len(path) > 20_000, change) == (True, "added")
    assert graph.undo(graph.changed()) == []
    assert bottom == []
    while bottom is not value:  # take it apart: the interpreter's own clean-up may recurse
        value = value[0] if isinstance(value, (list, tuple)) else value.a


def generator() -> Any:
    yield


class Raw(io.RawIOBase):
    """A C type's child."""


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (threading.Lock, "_thread.lock"),
        (threading.RLock, "_thread.RLock"),
        (Raw, "tests.graph.test_walk.Raw"),
        (lambda: Stranger(), "tests.graph.policies.Stranger"),
    ],
)
def test_what_cannot_be_seen_into_is_counted_once(make: Any, name: str) -> None:
    obj = make()
    graph = graph_of(Thing(x=obj, again=[obj]))
    assert graph.opaque() == {name: 1}


def test_a_socket_is_opaque_but_its_attributes_are_seen() -> None:
    with socket.socket() as obj:
        graph = graph_of(Thing(x=obj))
        assert graph.opaque() == {"socket.socket": 1}
        obj._io_refs += 1
        assert paths(graph) == [(".x._io_refs", "set")]
        obj._io_refs -= 1


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        set(),
        (),
        Pair(1, 2),
        Thing(),
        Hostile(),
        HostileSlots(),
        collections.defaultdict(list),
        1j,
        sub_of_list(1),
        collections.Counter("a"),
        collections.OrderedDict(a=1),
        types.SimpleNamespace(a=1),
        bytearray(b""),
        generator(),
        iter([]),
        array.array("i"),
        memoryview(b""),
        io.BytesIO(),
        itertools.count(),
        ValueError("args"),
        len,
        print,
    ],
)
def test_what_is_seen_whole_is_not_opaque(value: Any) -> None:
    assert graph_of(Thing(x=value)).opaque() == {}


def test_borders_and_leaves_end_the_walk_without_being_counted() -> None:
    border, leaf = Border(), Leaf()
    graph = graph_of(Thing(border=border, leaf=leaf))
    border.a = leaf.a = 1  # type: ignore[attr-defined]
    assert (paths(graph), graph.opaque()) == ([], {})


def test_classes_and_modules_are_entered_only_as_roots() -> None:
    cls = type("Cls", (), {"attribute": 1})
    module = types.ModuleType("mod")
    lazy = type("Lazy", (types.ModuleType,), {})("lazy")
    thing = Thing(cls=cls, module=module, lazy=lazy)
    graph = graph_of(thing)
    cls.attribute = module.value = lazy.value = 2  # type: ignore[attr-defined]
    assert paths(graph) == []
    graph = Graph(OpenPolicy())
    graph.add([Unit("class", "Cls", [(cls, "")], shared=True), Unit("module", "mod", [(module, "")]), element(thing)])
    del cls.attribute  # type: ignore[attr-defined]
    cls.new = []  # type: ignore[attr-defined]
    module.value = 3  # type: ignore[attr-defined]
    assert told(graph.changed()) == [
        ("Cls", ".attribute", "removed"),
        ("Cls", ".new", "added"),
        ("mod", ".value", "set"),
    ]
    graph.undo(graph.changed())
    assert (cls.attribute, module.value, hasattr(cls, "new")) == (2, 2, False)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "refer",
    [
        weakref.ref,
        weakref.proxy,
        lambda thing: weakref.WeakMethod(thing.method),
        lambda thing: [weakref.ref(thing)],
        lambda thing: weakref.WeakValueDictionary(a=thing),
        lambda thing: weakref.WeakSet([thing]),
    ],
)
def test_what_an_element_only_refers_to_is_the_others_and_can_be_reached(refer: Any) -> None:
    held = Thing(a=1)
    owner, other = Unit("element", "a", [(Thing(x=held), "")]), Unit("element", "b", [(Thing(x=refer(held)), "")])
    graph = Graph(OpenPolicy())
    graph.add([other, owner])
    assert graph.registry.owner[id(held)] is owner
    assert [alias.obj for alias in other.aliases] == [held]


def test_skipped_names_of_a_root_are_not_entered() -> None:
    skipped: list[int] = []
    graph = graph_of(Thing(skipped=skipped))
    skipped.append(1)
    assert paths(graph) == []


def test_looking_runs_nobodys_methods() -> None:
    values = [Hostile(a=[]), HostileSlots(), HostileDict(a=1), HostileList([1]), HostileSet(), HostileByClass()]
    root = Hostile(values=values, frozen=frozenset([values[0]]), keyed={values[0]: 1}, method=values[0].method)
    with armed():
        graph = graph_of(root)
        assert graph.changed() == []
        object.__setattr__(values[0], "a", Hostile())
        dict.__setitem__(values[2], "a", 2)  # type: ignore[arg-type]
        list.append(values[3], values[0])  # type: ignore[arg-type]
        changed = graph.changed()
        assert len(told(changed)) == 3
        graph.accept(changed)
        assert graph.changed() == []


def test_an_attribute_named_by_no_string_is_no_attribute_of_the_framework() -> None:
    root = Thing()
    inner: list[int] = []
    vars(root)[Hostile()] = vars(root)[1] = inner
    with armed():
        graph = graph_of(root)
        inner.append(1)
        assert paths(graph) == [(".__dict__[1][0]", "added")] or len(paths(graph)) == 1


def test_a_class_that_makes_up_its_dict_is_opaque() -> None:
    class MadeUp:
        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise RuntimeError("it ran")

    assert graph_of(Thing(x=MadeUp())).opaque() == {
        "tests.graph.test_walk.test_a_class_that_makes_up_its_dict_is_opaque.<locals>.MadeUp": 1
    }


def test_a_proxy_found_anywhere_belongs_to_its_unit() -> None:
    proxy = Thing(state=[])
    owner, holder = element(Thing(), "owner.bst"), element(Thing(proxy=proxy), "holder.bst")
    graph = Graph(OpenPolicy(proxies={id(proxy): owner}))
    graph.add([owner, holder])
    assert graph.unit_of(proxy) is owner
    proxy.state.append(1)
    assert [unit for unit, _, _ in told(graph.changed())] in ([], ["owner.bst"])
