"""Each kind of cell sees what its container holds, and puts it back entry by entry."""

from __future__ import annotations

import functools
import inspect
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import pytest

from enforcer.graph.kinds import CannotRestore, Probe
from tests.graph.build import Thing, graph_of, paths
from tests.graph.hostile import Hostile, HostileOrderedDict, armed
from tests.graph.policies import OpenPolicy


class Slots:
    __slots__ = ("__private", "a")


class Again(Slots):
    __slots__ = ("a",)


class Other:
    __slots__ = ("_Slots__private", "a")


class Sub(Thing):
    pass


def slots() -> Slots:
    obj = Slots()
    obj.a = 1
    return obj


def annotated(function: Any) -> None:
    function.__annotations__["key"] = int


def counting() -> Any:
    count = 0

    def function(key: Any = 1, *, named: Any = 2) -> Any:
        return count

    return function


def changing_cell(function: Any) -> None:
    function.__closure__[0].cell_contents = 1


def emptying_cell(function: Any) -> None:
    del function.__closure__[0].cell_contents


def replacing_dict(obj: Any) -> None:
    obj.__dict__ = {"a": 2}


def reordering(mapping: dict[str, int]) -> None:
    mapping["a"] = mapping.pop("a")


def as_set(name: str, value: Any) -> Callable[[Any], None]:
    return lambda obj: setattr(obj, name, value)


CASES: list[tuple[str, Callable[[], Any], Callable[[Any], Any], list[tuple[str, str]]]] = [
    ("attribute", lambda: Thing(a=1), as_set("a", 2), [(".x.a", "set")]),
    ("attribute added", Thing, as_set("a", 2), [(".x.a", "added")]),
    ("attribute deleted", lambda: Thing(a=1), lambda x: delattr(x, "a"), [(".x.a", "removed")]),
    ("attribute's type", lambda: Thing(a=1), as_set("a", True), [(".x.a", "set")]),
    ("__dict__ replaced", lambda: Thing(a=1), replacing_dict, [(".x.a", "set")]),
    ("odd attribute", Thing, lambda x: vars(x).update({1: 2}), [(".x.__dict__[1]", "added")]),
    ("class", lambda: Thing(a=1), as_set("__class__", Sub), [(".x.__class__", "set")]),
    ("slot", slots, as_set("a", 2), [(".x.a", "set")]),
    ("slot emptied", slots, lambda x: delattr(x, "a"), [(".x.a", "removed")]),
    ("slot filled", Slots, as_set("a", 2), [(".x.a", "added")]),
    ("private slot", slots, as_set("_Slots__private", 2), [(".x._Slots__private", "added")]),
    ("slot declared again", Again, lambda x: Slots.a.__set__(x, 2), [(".x.Slots.a", "added")]),
    (
        "both of its slots",
        Again,
        lambda x: [Slots.a.__set__(x, 2), as_set("a", 3)(x)],
        [(".x.a", "added"), (".x.Slots.a", "added")],
    ),
    ("class of slots", slots, as_set("__class__", Other), [(".x.__class__", "set")]),
    ("item", lambda: {"a": 1}, lambda x: x.update(a=2), [(".x['a']", "set")]),
    ("item's key", lambda: {1: 1}, lambda x: x.update({True: x.pop(1)}), [(".x[1]", "removed"), (".x[True]", "added")]),
    ("items reordered", lambda: {"a": 1, "b": 2}, reordering, [(".x", "reordered")]),
    ("items cleared", lambda: {"a": 1}, dict.clear, [(".x['a']", "removed")]),
    ("default factory", lambda: defaultdict(int), as_set("default_factory", list), [(".x.default_factory", "set")]),
    ("missing item", lambda: defaultdict(int), lambda x: x["a"], [(".x['a']", "added")]),
    ("count", lambda: Counter("a"), lambda x: x.update("a"), [(".x['a']", "set")]),
    ("moved to end", lambda: OrderedDict(a=1, b=2), lambda x: x.move_to_end("a"), [(".x", "reordered")]),
    ("OrderedDict's attribute", OrderedDict, as_set("a", 1), [(".x.a", "added")]),
    ("OrderedDict's item", lambda: OrderedDict(a=1, b=2), lambda x: x.pop("a"), [(".x['a']", "removed")]),
    ("append", lambda: [1], lambda x: x.append(2), [(".x[1]", "added")]),
    ("insert", lambda: [1], lambda x: x.insert(0, 2), [(".x[0]", "added")]),
    ("pop", lambda: [1, 2], lambda x: x.pop(0), [(".x[0]", "removed")]),
    ("sort", lambda: [2, 1], list.sort, [(".x", "reordered")]),
    ("place", lambda: [1, 2, 3], lambda x: x.__setitem__(1, 5), [(".x[1]", "set")]),
    ("deque", lambda: deque([1, 2], maxlen=2), lambda x: x.append(3), [(".x[0]", "set"), (".x[1]", "set")]),
    ("rotate", lambda: deque([1, 2, 3]), lambda x: x.rotate(1), [(".x", "reordered")]),
    ("deque emptied", lambda: deque([1, 2, 3]), deque.clear, [(f".x[{i}]", "removed") for i in range(3)]),
    ("add", lambda: {1}, lambda x: x.add("a"), [(".x", "added")]),
    ("discard", lambda: {1, "a"}, lambda x: x.discard(1), [(".x", "removed")]),
    ("member's type", lambda: {1}, lambda x: [x.discard(1), x.add(True)], [(".x", "removed"), (".x", "added")]),
    ("nonlocal", counting, changing_cell, [(".x.count", "set")]),
    ("nonlocal deleted", counting, emptying_cell, [(".x.count", "removed")]),
    ("defaults", counting, as_set("__defaults__", (5,)), [(".x.__defaults__", "set")]),
    ("keyword defaults", counting, as_set("__kwdefaults__", None), [(".x.__kwdefaults__", "set")]),
    ("keyword default", counting, lambda x: x.__kwdefaults__.update(named=5), [(".x.__kwdefaults__['named']", "set")]),
    ("annotations", counting, as_set("__annotations__", {}), [(".x.__annotations__", "set")]),
    ("annotation", counting, lambda x: x.__annotations__.update(key=5), [(".x.__annotations__['key']", "set")]),
    ("first annotation", lambda: lambda key: 1, annotated, [(".x.__annotations__['key']", "added")]),
    ("annotations asked for", lambda: lambda key: 1, inspect.signature, []),
    ("code", counting, as_set("__code__", counting().__code__.replace(co_name="b")), [(".x.__code__", "set")]),
    ("function's attribute", counting, as_set("a", 1), [(".x.a", "added")]),
    ("cached function's attribute", lambda: functools.lru_cache(counting()), as_set("a", 1), [(".x.a", "added")]),
    (
        "partial's keyword",
        lambda: functools.partial(print, sep=""),
        lambda x: x.keywords.clear(),
        [(".x.keywords['sep']", "removed")],
    ),
    ("partial's attribute", lambda: functools.partial(print), as_set("a", 1), [(".x.a", "added")]),
    (
        "partial",
        lambda: functools.partial(print),
        lambda x: x.__setstate__((repr, (), x.keywords, vars(x))),
        [(".x.func", "set")],
    ),
    ("namespace", lambda: types.SimpleNamespace(a=1), as_set("a", 2), [(".x.a", "set")]),
    ("bytearray", lambda: bytearray(b"a"), lambda x: x.append(1), [(".x", "set")]),
    (
        "behind a proxy",
        lambda: types.MappingProxyType({"a": {}}),
        lambda x: x["a"].update(b=1),
        [(".x['a']['b']", "added")],
    ),
]


@pytest.mark.parametrize(("make", "change", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_change_is_seen_named_and_undone(
    make: Callable[[], Any], change: Callable[[Any], Any], expected: list[tuple[str, str]]
) -> None:
    obj = make()
    root = Thing(x=obj)
    graph = graph_of(root)
    change(obj)
    assert paths(graph) == expected
    assert graph.undo(graph.changed()) == []
    assert root.x is obj
    assert paths(graph) == []
    change(obj)
    assert paths(graph) == expected


def test_undo_restores_the_order_of_items_and_keeps_the_dict() -> None:
    for mapping in ({"a": 1, "b": 2, "c": 3}, OrderedDict(a=1, b=2, c=3)):
        graph = graph_of(Thing(x=mapping))
        mapping.pop("a")
        mapping["d"] = 4
        mapping["b"] = mapping.pop("b")
        graph.undo(graph.changed())
        assert list(mapping.items()) == [("a", 1), ("b", 2), ("c", 3)]


def test_undo_of_a_set_leaves_what_did_not_change_in_place() -> None:
    kept = Hostile()
    members = {kept, "a"}
    graph = graph_of(Thing(x=members))
    members.discard("a")
    members.add("b")
    graph.undo(graph.changed())
    assert members == {kept, "a"}


def test_an_ordered_dict_is_read_without_hashing_what_somebody_wrote() -> None:
    key = Hostile()
    mapping = HostileOrderedDict({key: 1, "a": 2})
    with armed():
        graph = graph_of(Thing(x=mapping))
        assert paths(graph) == []
    mapping[key] = 3
    with armed():
        changed = graph.changed()
    assert [change.change for cell in changed for change in cell.changes] == ["set"]
    # The price: the order of such keys is that of insertion.
    mapping[key] = 1
    mapping.move_to_end(key)
    assert paths(graph) == []


def test_an_ordered_dict_that_was_written_past_is_still_read() -> None:
    mapping = OrderedDict(a=1, b=2)
    graph = graph_of(Thing(x=mapping))
    dict.__setitem__(mapping, "c", 3)
    assert paths(graph) == [(".x['c']", "added")]
    dict.__delitem__(mapping, "c")
    dict.__delitem__(mapping, "a")
    assert paths(graph) == [(".x['a']", "removed")]


def test_a_probe_is_asked_as_a_whole() -> None:
    class Sealed:
        value = "a"

    sealed = Sealed()
    policy = OpenPolicy(
        probes={Sealed: lambda obj: Probe("", lambda: sealed.value, lambda value: setattr(sealed, "value", value), obj)}
    )
    graph = graph_of(Thing(x=sealed), policy=policy)
    sealed.value = "".join(["b"])
    [cell] = graph.changed()
    assert [(change.raw_path(), change.before, change.after) for change in cell.changes] == [(".x", "a", "b")]
    assert graph.undo([cell]) == []
    assert sealed.value == "a"


def test_a_probe_that_cannot_be_written_is_told() -> None:
    class Sealed:
        value = "a"

    sealed = Sealed()
    policy = OpenPolicy(probes={Sealed: lambda obj: Probe("the seal", lambda: sealed.value, None, obj)})
    graph = graph_of(Thing(x=sealed), policy=policy)
    sealed.value = "b"
    [cell] = graph.changed()
    with pytest.raises(CannotRestore, match="the seal"):
        cell.cell.kind.restore(cell.cell.obj, cell.before)
    assert graph.undo([cell]) == [cell]
    assert graph.changed() == []


def test_nan_keys_are_told_apart() -> None:
    one, other = float("nan"), float("nan")
    mapping = {one: 1, other: 2}
    graph = graph_of(Thing(x=mapping))
    mapping[one] = 3
    assert [change for _, change in paths(graph)] == ["set"]
    graph.undo(graph.changed())
    assert mapping[one] == 1
