"""Deltas between forked processes: what travels, what arrives where, and what is told of the rest."""

from __future__ import annotations

import io
import pickle
import sys
import threading
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from enforcer.graph import kinds
from enforcer.graph.compare import changed_cells
from enforcer.graph.entries import KINDS
from enforcer.graph.kinds import Probe
from tests.graph import carried
from tests.graph.build import Thing, graph_of
from tests.graph.policies import OpenPolicy
from tests.graph.replicas import Child, Replica

Do = Callable[[Thing], Any]


class Processes:
    """This process and two children with the same two units; `thing` is the first's root, `other` the second's."""

    def __init__(self, thing: Thing, *functions: Do, policy: OpenPolicy | None = None) -> None:
        self.thing, self.other = thing, Thing()
        self.graph = graph_of(thing, self.other, policy=policy)
        self.replica = Replica(self.graph)
        self._functions = functions
        self.refused: list[tuple[str, str]] = []
        self._deltas = 0
        self._children = [Child(self._work, self._take_up, self._look) for _ in range(2)]

    def _work(self, number: int, author: str) -> tuple[bytes | None, list[tuple[str, str]]]:
        self._functions[number](self.thing)
        encoded = self.replica.send(self.graph.units[0], author)
        assert self.graph.changed() == []
        return encoded.payload, [(refused.change.raw_path(), refused.type_name) for refused in encoded.refused]

    def _take_up(self, payload: bytes) -> None:
        self.replica.receive(payload)
        assert self.graph.changed() == []

    def _look(self, number: int) -> Any:
        return self._functions[number](self.thing)

    def job(self, function: Do, child: int = 0) -> None:
        """Run `function` as a job in a child, and give all processes what it did."""
        payload = self.work(function, child)
        if payload is not None:
            self.take_up(payload)

    def work(self, function: Do, child: int = 0) -> bytes | None:
        """Run `function` as a job in a child; returns its delta, which nobody has yet."""
        self._deltas += 1
        number = self._functions.index(function)
        payload, self.refused = self._children[child].call(self._work, number, f"job{self._deltas}")
        return payload  # type: ignore[no-any-return]

    def take_up(self, payload: bytes) -> None:
        """Give all processes a delta."""
        self._take_up(payload)
        for child in self._children:
            child.call(self._take_up, payload)

    def everywhere(self, function: Do) -> Any:
        """What `function` returns in this process, which must be the same in all."""
        here = function(self.thing)
        for child in self._children:
            assert child.call(self._look, self._functions.index(function)) == here
        return here

    def end(self) -> None:
        for child in self._children:
            child.end()


@contextmanager
def processes(thing: Thing, *functions: Do, policy: OpenPolicy | None = None) -> Iterator[Processes]:
    started = Processes(thing, *functions, policy=policy)
    try:
        yield started
    finally:
        started.end()


def arrives(thing: Thing, change: Do, look: Do) -> Any:
    """What `look` finds in all processes, after `change` ran as a job in one."""
    with processes(thing, change, look) as several:
        several.job(change)
        assert several.refused == []
        return several.everywhere(look)


# How it is laid out: as the docstring of the module says.


class Names(pickle.Unpickler):
    """Reads a delta without a graph: what has a name is its name."""

    def persistent_load(self, name: Any) -> Any:
        return ("named", name)


def test_a_delta_is_laid_out_as_its_module_says() -> None:
    def change(thing: Thing) -> None:
        thing.d["new"] = {"inside": thing}
        del thing.d["gone"]
        thing.l.append(2)

    thing = Thing(d={"gone": 0}, l=[1])
    with processes(thing, change) as several:
        payload = several.work(change)
    assert payload is not None
    assert payload[:1] == b"1"
    reader = Names(io.BytesIO(payload[1:]))
    author, root, cells = reader.load()
    (introduced,) = reader.load()
    assert (author, root) == ("job1", ("named", id(thing)))
    found = {KINDS[kind]: rest for _, kind, *rest in cells}
    assert found == {
        kinds.DICT: [(("new", {"inside": ("named", id(thing))}),), ("gone",), None, None],
        kinds.LIST: [(), (), None, (1, 2)],
    }
    assert [subject for subject, *_ in cells] == [("named", id(thing.d)), ("named", id(thing.l))]
    assert introduced is found[kinds.DICT][0][0][1]


def test_a_delta_of_nothing_new_says_so_in_its_first_byte_and_ends_after_one_pickle() -> None:
    def change(thing: Thing) -> None:
        thing.d["a"] = 1

    with processes(Thing(d={}), change) as several:
        payload = several.work(change)
    assert payload is not None
    assert payload[:1] == b"0"
    rest = io.BytesIO(payload[1:])
    Names(rest).load()
    assert rest.read() == b""


# What an entry is.


def test_a_dict_travels_key_by_key_so_that_another_key_keeps_what_was_written_here_meanwhile() -> None:
    def change(thing: Thing) -> None:
        thing.d["a"] = "theirs"
        del thing.d["gone"]

    with processes(Thing(d={"a": 1, "b": 2, "gone": 3}), change) as several:
        payload = several.work(change)
        several.thing.d["b"] = "ours"
        assert payload is not None
        several.replica.receive(payload)
        assert several.thing.d == {"a": "theirs", "b": "ours"}


def test_what_is_to_be_kept_stays_as_it_is() -> None:
    def change(thing: Thing) -> None:
        thing.a, thing.b = 1, 2

    with processes(Thing(a=0, b=0), change) as several:
        payload = several.work(change)
        assert payload is not None
        several.replica.receive(payload, keep=lambda entry, name: name == "a")
        assert (several.thing.a, several.thing.b) == (0, 2)


def test_lists_sets_and_deques_travel_whole() -> None:
    def change(thing: Thing) -> None:
        thing.l[1:] = ["x"]
        thing.s.symmetric_difference_update({1, 3})
        thing.q.appendleft("front")

    def look(thing: Thing) -> Any:
        return thing.l, sorted(thing.s), list(thing.q), thing.q.maxlen

    thing = Thing(l=[1, 2, 3], s={1, 2}, q=deque([1, 2], maxlen=2))
    assert arrives(thing, change, look) == ([1, "x"], [2, 3], ["front", 1], 2)


@pytest.mark.parametrize("base", [dict, OrderedDict])
def test_the_order_of_a_dict_arrives_also_where_a_key_came_in_between(base: Any) -> None:
    def change(thing: Thing) -> None:
        thing.d["b"] = thing.d.pop("b")
        thing.e["x"] = 1
        thing.e["b"] = thing.e.pop("b")

    def look(thing: Thing) -> Any:
        return list(thing.d), list(thing.e)

    thing = Thing(d=base(a=1, b=2, c=3), e=base(a=1, b=2))
    assert arrives(thing, change, look) == (["a", "c", "b"], ["a", "x", "b"])


def test_attributes_slots_and_the_class_of_an_object_arrive() -> None:
    def change(thing: Thing) -> None:
        thing.slots.b = thing.slots.a
        del thing.slots.a
        thing.becomes.__class__ = carried.After
        thing.becomes.new = 1
        del thing.gone

    def look(thing: Thing) -> Any:
        has = [hasattr(thing.slots, "a"), hasattr(thing, "gone")]
        return thing.slots.b, has, type(thing.becomes).__name__, thing.becomes.new

    slots = carried.OnlySlots()
    slots.a = 1
    thing = Thing(slots=slots, becomes=carried.Before(), gone=1)
    assert arrives(thing, change, look) == (1, [False, False], "After", 1)


def test_a_probe_arrives_as_what_it_reads() -> None:
    class Opaque:
        __slots__ = ("secret",)

    def write(obj: Any) -> Callable[[Any], None]:
        return lambda value: setattr(obj, "secret", value)

    def probe(obj: Any) -> Probe:
        return Probe("", lambda: obj.secret, write(obj), obj)

    def change(thing: Thing) -> None:
        thing.opaque.secret = b"after"

    def look(thing: Thing) -> Any:
        return thing.opaque.secret

    opaque = Opaque()
    opaque.secret = b"before"  # type: ignore[attr-defined]
    with processes(Thing(opaque=opaque), change, look, policy=OpenPolicy({Opaque: probe})) as several:
        several.job(change)
        assert several.everywhere(look) == b"after"


def test_local_attributes_never_travel() -> None:
    def change(thing: Thing) -> None:
        thing.local_count = 2
        thing.local_new = 3

    def look(thing: Thing) -> Any:
        return thing.local_count, hasattr(thing, "local_new")

    with processes(Thing(local_count=1), change, look) as several:
        assert several.work(change) is None
        assert several.everywhere(look) == (1, False)


def test_no_change_is_no_delta() -> None:
    def change(thing: Thing) -> None:
        thing.a = "".join(["te", "xt"])

    with processes(Thing(a="text"), change) as several:
        assert several.work(change) is None
        assert several.refused == []


# Which object is meant.


def test_what_existed_before_the_fork_arrives_as_the_same_object() -> None:
    def change(thing: Thing) -> None:
        thing.again = [thing.known, thing.lock, thing.function]

    def look(thing: Thing) -> Any:
        return [a is b for a, b in zip(thing.again, (thing.known, thing.lock, thing.function), strict=True)]

    thing = Thing(known={}, lock=threading.Lock(), function=lambda: None)
    assert arrives(thing, change, look) == [True, True, True]


def test_what_one_replica_made_another_one_changes() -> None:
    def make(thing: Thing) -> None:
        thing.new = {"list": [], "object": Thing(a=1)}

    def change(thing: Thing) -> None:
        thing.new["list"].append(2)
        thing.new["object"].b = 2
        thing.new["more"] = OrderedDict(x=[])

    def change_again(thing: Thing) -> None:
        thing.new["more"]["x"].append(3)

    def look(thing: Thing) -> Any:
        return thing.new["list"], vars(thing.new["object"]), thing.new["more"]["x"]

    with processes(Thing(), make, change, change_again, look) as several:
        several.job(make, 0)
        several.job(change, 1)
        several.job(change_again, 0)
        assert several.everywhere(look) == ([2], {"a": 1, "b": 2}, [3])


def test_members_of_a_new_set_have_the_same_names_in_all_replicas() -> None:
    def make(thing: Thing) -> None:
        thing.new = {Thing(number=number) for number in range(50)}

    def change(thing: Thing) -> None:
        for member in thing.new:
            member.twice = member.number * 2

    def look(thing: Thing) -> Any:
        return all(member.twice == member.number * 2 for member in thing.new)

    with processes(Thing(), make, change, look) as several:
        several.job(make, 0)
        several.job(change, 1)
        assert several.everywhere(look) is True


def test_keys_that_are_found_by_identity_can_be_removed_by_another_replica() -> None:
    def make(thing: Thing) -> None:
        thing.d[Path("a")] = 1
        thing.d[carried.Point(1, 2)] = 2
        thing.d[(Path("c"), 3)] = 3

    def change(thing: Thing) -> None:
        del thing.d[Path("a")]
        thing.d[carried.Point(1, 2)] = "two"
        del thing.d[(Path("c"), 3)]

    def look(thing: Thing) -> Any:
        return thing.d

    with processes(Thing(d={}), make, change, look) as several:
        several.job(make, 0)
        several.job(change, 1)
        assert several.everywhere(look) == {carried.Point(1, 2): "two"}


def test_two_ways_to_one_object_stay_two_ways_to_one_object() -> None:
    def make(thing: Thing) -> None:
        thing.one = thing.two = []
        thing.inside = {"one": thing.one}

    def more(thing: Thing) -> None:
        thing.three = thing.inside["one"]
        thing.three.append(thing.three)

    def look(thing: Thing) -> Any:
        return [obj is thing.one for obj in (thing.two, thing.inside["one"], thing.three, thing.one[0])]

    with processes(Thing(), make, more, look) as several:
        several.job(make, 0)
        several.job(more, 1)
        assert several.everywhere(look) == [True] * 4


def test_what_only_one_process_has_cannot_be_changed_for_all() -> None:
    def change(thing: Thing) -> None:
        thing.private.append(1)
        thing.a = 1

    def look(thing: Thing) -> Any:
        return thing.a

    with processes(Thing(a=0), change, look) as several:
        several.thing.private = []
        several.graph.refresh()
        change(several.thing)
        unit = several.graph.units[0]
        encoded = several.replica.codec.encode("here", unit, changed_cells(unit))
        assert [(refused.change.raw_path(), refused.type_name) for refused in encoded.refused] == [
            (".private[0]", "builtins.list")
        ]
        several.graph.refresh()
        assert encoded.payload is not None
        several.take_up(encoded.payload)
        assert several.everywhere(look) == 1


# How objects are made anew.


def test_objects_are_made_anew_without_running_their_code() -> None:
    def change(thing: Thing) -> None:
        thing.arguments = carried.NeedsArguments(needed="yes")
        thing.arguments.a = 1
        thing.asks = carried.AsksForMore()
        thing.list = carried.ListThatCounts([1, 2])
        thing.list.attribute = 3
        thing.default = defaultdict(list, a=[1])
        thing.counter = Counter("aab")
        thing.deque = deque([1, 2], maxlen=2)
        thing.space = types.SimpleNamespace(a=1)
        thing.slots = carried.OnlySlots()
        thing.slots.b = 2

    def look(thing: Thing) -> Any:
        assert thing.default["other"] == []
        del thing.default["other"]
        return (
            (thing.arguments.a, thing.asks.a, list(thing.list), thing.list.attribute, dict(thing.default)),
            (thing.counter["a"], thing.deque.maxlen, thing.space.a, thing.slots.b),
        )

    assert arrives(Thing(), change, look) == ((1, 1, [1, 2], 3, {"a": [1]}), (2, 2, 1, 2))


def test_an_object_may_say_itself_how_it_travels() -> None:
    def make(thing: Thing) -> None:
        thing.new = carried.WithoutItsLock()
        thing.point = carried.Point([1], 2)
        thing.error = ValueError("text", 1)
        thing.bound = thing.method

    def change(thing: Thing) -> None:
        thing.new.items.append(1)
        thing.point.x.append(2)

    def look(thing: Thing) -> Any:
        bound = thing.bound.__self__ is thing
        return thing.new.items, thing.new.lock.locked(), thing.point, repr(thing.error), bound

    with processes(Thing(), make, change, look) as several:
        several.job(make, 0)
        assert several.refused == []
        several.job(change, 1)
        assert several.everywhere(look) == ([1], False, ([1, 2], 2), "ValueError('text', 1)", True)


# What cannot travel.


def nested(depth: int) -> Any:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


UNSHIPPABLE: dict[str, tuple[Callable[[], Any], str]] = {
    "lock": (threading.Lock, "_thread.lock"),
    "open file": (lambda: open(__file__, "rb"), "_io.BufferedReader"),  # noqa: SIM115
    "lambda": (lambda: lambda: None, "builtins.function"),
    "generator": (lambda: (x for x in ()), "builtins.generator"),
    "thread": (threading.Thread, "_thread._ThreadHandle" if sys.version_info >= (3, 13) else "_thread.lock"),
    "object of a local class": (lambda: type("Local", (), {})(), "tests.graph.test_delta.Local"),
    "object that raises when sent": (carried.RaisesWhenSent, "tests.graph.carried.RaisesWhenSent"),
    "object that raises when made": (carried.RaisesWhenMade, "tests.graph.carried.RaisesWhenMade"),
    "object that comes out as a list": (carried.ComesOutAsAList, "tests.graph.carried.ComesOutAsAList"),
    "object that comes out changed": (carried.ComesOutEmpty, "tests.graph.carried.ComesOutEmpty"),
    "object with a copy inside": (lambda: carried.CopiesWhatItHolds([1]), "tests.graph.carried.CopiesWhatItHolds"),
}
if sys.version_info < (3, 14):  # from then on as deep as the C stack is
    UNSHIPPABLE["5,000 lists"] = (lambda: nested(5000), "builtins.list")


@pytest.mark.parametrize("what", UNSHIPPABLE)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_cannot_travel_is_told_with_its_place_and_type_and_the_rest_travels(what: str) -> None:
    make, type_name = UNSHIPPABLE[what]

    def change(thing: Thing) -> None:
        thing.d["bad"] = make()
        thing.d["good"] = carried.Point(1, {})
        thing.l.append(make())
        thing.other = [1]

    def look(thing: Thing) -> Any:
        return thing.d, thing.l, thing.other

    with processes(Thing(d={}, l=[]), change, look) as several:
        several.job(change)
        assert several.refused == [(".d['bad']", type_name), (".l[0]", type_name)]
        assert several.everywhere(look) == ({"good": (1, {})}, [], [1])


def test_two_that_can_travel_are_not_blamed_for_a_third() -> None:
    def change(thing: Thing) -> None:
        thing.bad = carried.Point(carried.WithoutItsLock(), carried.RaisesWhenMade())

    with processes(Thing(), change) as several:
        several.job(change)
        assert several.refused == [(".bad", "tests.graph.carried.RaisesWhenMade")]


def test_any_value_can_be_packed_for_another_replica() -> None:
    with processes(Thing(known={})) as several:
        codec = several.replica.codec
        known, new = codec.unpack(codec.pack((several.thing.known, [1])))
        assert known is several.thing.known
        assert new == [1]
