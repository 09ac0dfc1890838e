"""What C keeps: a change is seen, to look is none, it is put back where it can be, and reaches other processes."""

from __future__ import annotations

import ctypes
import io
import warnings
import weakref
from typing import Any

import pytest

from enforcer.graph.compare import changed_cells, told
from enforcer.graph.graph import Graph
from tests.graph.build import Thing, graph_of, paths
from tests.graph.native.kinds import KINDS, Kind
from tests.graph.replicas import Child, Replica

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def told_of(kind: Kind) -> Any:
    """What a program sees that has changed such an object itself."""
    obj = kind.make()
    kind.change(obj)
    return kind.tell(obj)


@every_kind
def test_a_change_is_seen_and_to_look_is_none(kind: Kind) -> None:
    thing = Thing(x=kind.make())
    graph = graph_of(thing)
    assert graph.changed() == []
    kind.change(thing.x)
    changed = graph.changed()
    seen = {change.raw_path() for cell in changed for change in cell.changes}
    assert {f".x{path}" for path in kind.paths} <= seen
    graph.refresh()
    assert graph.changed() == []
    assert kind.tell(thing.x) == told_of(kind)


@every_kind
def test_it_is_put_back_or_said_to_be_stuck(kind: Kind) -> None:
    thing = Thing(x=kind.make())
    graph = graph_of(thing)
    before = thing.x
    kind.change(thing.x)
    stuck = graph.undo(graph.changed())
    assert thing.x is before
    if kind.back:
        assert stuck == []
        assert kind.tell(thing.x) == kind.tell(kind.make())


def test_a_change_reaches_other_processes_or_is_refused() -> None:
    thing = Thing(held={name: kind.make() for name, kind in KINDS.items()})
    thing.again = list(thing.held.values())
    graph = graph_of(thing)
    replica = Replica(graph)

    def work() -> tuple[bytes | None, list[str]]:
        for name, kind in KINDS.items():
            kind.change(thing.held[name])
        encoded = replica.codec.encode("job", graph.units[0], changed_cells(graph.units[0]))
        return encoded.payload, [refused.change.cell.path().removesuffix(".__self__") for refused in encoded.refused]

    child = Child(work)
    payload, refused = child.call(work)
    child.end()
    replica.receive(payload)
    assert sorted(set(refused)) == sorted(f".held[{name!r}]" for name, kind in KINDS.items() if not kind.travels)
    for (name, kind), held in zip(KINDS.items(), thing.again, strict=True):
        assert thing.held[name] is held
        if kind.travels:
            assert kind.tell(held) == told_of(kind), name


def test_nothing_of_it_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        thing = Thing(x=[kind.make() for kind in KINDS.values()])
        graph = graph_of(thing)
        for obj, kind in zip(thing.x, KINDS.values(), strict=True):
            kind.change(obj)
        graph.undo(graph.changed())


class Hostile(io.StringIO):
    """Everything that reading or writing it could call raises."""

    def _refuse(self, *args: Any) -> Any:
        raise AssertionError("somebody's own code runs")

    getvalue = tell = seek = truncate = __getstate__ = __setstate__ = __reduce_ex__ = __repr__ = __len__ = _refuse  # type: ignore[assignment]
    __eq__ = __hash__ = _refuse  # type: ignore[assignment]


def test_no_code_of_a_class_that_derives_from_a_built_in_one_runs() -> None:
    thing = Thing(x=Hostile("a"))
    graph = graph_of(thing)
    io.StringIO.write(thing.x, "xyz")
    assert paths(graph) == [(".x", "set"), (".x.tell()", "set")]
    assert graph.undo(graph.changed()) == []
    assert io.StringIO.getvalue(thing.x) == "a"


def test_one_change_of_several_parts_is_told_once() -> None:
    thing = Thing(text=io.StringIO("a"), closed=io.StringIO("a"), pairs=zip("ab", [1, 2], strict=False))
    graph = graph_of(thing)
    thing.text.write("xyz")
    thing.closed.close()
    next(thing.pairs)
    changes = (change for cell in told(graph.changed()) for change in cell.changes)
    assert sorted(change.raw_path() for change in changes) == [".closed.closed", ".pairs", ".text"]


def test_bytes_that_nobody_has_written_to_are_not_copied_to_compare_them() -> None:
    thing = Thing(x=io.BytesIO(b"a" * 1000))
    graph = graph_of(thing)
    (shadow,) = (value for cell in _shadows(graph) for name, value in cell if name == "" and type(value) is bytes)
    assert thing.x.getvalue() is shadow


def _shadows(graph: Graph) -> list[Any]:
    return [contents for group in graph.units[0].groups for _, contents in group.shadows()]


class Kept:
    """Something to refer to."""


@pytest.mark.parametrize(
    ("make", "put"),
    [
        (weakref.WeakValueDictionary, lambda weak, obj: weak.__setitem__("a", obj)),
        (weakref.WeakKeyDictionary, lambda weak, obj: weak.__setitem__(obj, "a")),
        (weakref.WeakSet, lambda weak, obj: weak.add(obj)),
    ],
)
def test_what_dies_in_a_container_of_weak_references_is_no_change_but_what_is_taken_out_is_one(
    make: Any, put: Any
) -> None:
    dying, kept = Kept(), Kept()
    thing = Thing(x=make())
    put(thing.x, dying)
    put(thing.x, kept)
    graph = graph_of(thing)
    graph.registry.met.clear()  # keeps alive what it has met, where objects are to be sent
    del dying
    assert paths(graph) == []
    thing.x.clear()
    assert "removed" in [change for _, change in paths(graph)]


def test_memory_that_an_object_only_has_the_address_of_is_not_read() -> None:
    owner = (ctypes.c_int * 2)(1, 2)
    thing = Thing(x=ctypes.c_int.from_address(ctypes.addressof(owner)), y=owner)
    graph = graph_of(thing)
    thing.x.value = 5
    assert [change.raw_path() for cell in graph.changed() for change in cell.changes] == [".y"]
