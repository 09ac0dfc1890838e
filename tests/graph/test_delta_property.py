"""Random programs in random replicas: all processes end up with the graph that the program made where it ran."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from enforcer.graph import delta, entries, kinds
from enforcer.graph.compare import ABSENT, REORDERED, changed_cells
from enforcer.graph.delta import Refused
from enforcer.graph.entries import Delta
from enforcer.graph.graph import Graph
from enforcer.graph.kinds import NAMED, Kind, updated
from enforcer.graph.references import References
from enforcer.graph.unit import Unit
from enforcer.graph.values import hash_free_key
from tests.graph import checks, oracle, programs
from tests.graph.forms import Form, form_of_all, global_name
from tests.graph.policies import OpenPolicy
from tests.graph.replicas import Child, Replica

# Each example forks twice.
graph_settings = settings(settings.get_profile("graph"), max_examples=settings.get_profile("graph").max_examples // 4)
ROUNDS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 4), st.binary(min_size=2, max_size=60)), min_size=1, max_size=5
)
Round = tuple[int, int, bytes]


@settings(graph_settings)
@given(build=st.binary(min_size=5, max_size=250), rounds=ROUNDS)
def test_all_replicas_hold_what_a_program_did_in_one(build: bytes, rounds: list[Round]) -> None:
    run(build, rounds, note)


def run(build: bytes, rounds: list[Round], log: Callable[[str], None] = lambda text: None) -> Counter[str]:
    """In each round one of two children runs a program on one unit, and all processes take up what it did."""
    side = Side(build)
    children = [Child(side.work, side.take_up) for _ in range(2)]
    tally: Counter[str] = Counter()
    try:
        for number, (author, unit, program) in enumerate(rounds):
            payload, expected, told, refused = children[author].call(side.work, f"job{number}", unit, program)
            log("\n".join([f"round {number}, unit {unit}", *told]))
            tally += refused
            tally["sent" if payload is not None else "nothing to send"] += 1
            for form in [side.take_up(payload), *(child.call(side.take_up, payload) for child in children)]:
                assert form == expected
    finally:
        for child in children:
            child.end()
    return tally


class World(programs.World):
    """Without NaN as a key: nobody can say which NaN of another process is meant."""

    def __init__(self, data: bytes) -> None:
        # What an earlier world hung on a function that all worlds bind.
        vars(programs.Plain.method).clear()
        programs.Plain.method.__annotations__ = {}
        programs.Plain.method.__defaults__ = programs.Plain.method.__kwdefaults__ = None  # type: ignore[attr-defined]
        super().__init__(data)
        # What its annotations are in each process has a name then.
        self.roots[0].bound = programs.Plain.method

    def key(self, tape: programs.Tape) -> Any:
        return _without_nan(super().key(tape))

    def plain_key(self, tape: programs.Tape) -> Any:
        return _without_nan(super().plain_key(tape))


def _without_nan(key: Any) -> Any:
    return "nan" if "nan" in repr(oracle.token(key)) else key


class Side:
    """One process's world, and its replica of the graph."""

    def __init__(self, build: bytes) -> None:
        self.world = World(build)
        graph = Graph(OpenPolicy())
        graph.add(self.world.units())
        self.graph = graph
        self.replica = Replica(graph)
        self._places = {key: place for place, key in enumerate(oracle.snapshot(self.world.roots))}

    def work(self, author: str, number: int, program: bytes) -> tuple[bytes | None, Form, list[str], Counter[str]]:
        """Change a unit; returns the delta, what all must have then, what was done, and the types that were refused."""
        unit = self.graph.units[number]
        self.world.log.clear()
        self._mutate(unit, program)
        # A variable that two functions close over can be another unit's.
        assert self.graph.undo([cell for cell in self.graph.changed() if cell.unit is not unit]) == []
        changed = changed_cells(unit)
        encoded = self.replica.codec.encode(author, unit, changed)
        for refused in encoded.refused:
            take_back(refused)
        names = {id(obj): (author, place) for place, obj in enumerate(encoded.introduced)}
        expected = self._form(names)
        assert self.graph.undo(changed) == []
        assert self.graph.changed() == []
        return encoded.payload, expected, self.world.log, Counter(item.type_name for item in encoded.refused)

    def _mutate(self, unit: Unit, program: bytes) -> None:
        """Like `World.change`, but only what the unit owns is changed, and only what is reachable is used."""
        snapshot = oracle.snapshot(self.world.roots)
        # In an order that all processes share: what they have in common has names.
        reachable = sorted((copy.obj for copy in snapshot.values()), key=self._place)
        roots = set(map(id, self.world.roots))
        self.world.nodes = [obj for obj in reachable if id(obj) not in roots]
        owned = [obj for obj in reachable if self.graph.registry.owner[id(obj)] is unit]
        known = len(self.world.nodes)
        tape = programs.Tape(program)
        for _ in range(25):
            if tape.ended():
                break
            target = tape.pick([*owned, *self.world.nodes[known:]])
            options = list(programs.changes_of(target))
            if options:
                change = tape.pick(options)
                change(self.world, target, tape)
                self.world.log.append(f"{change.__name__} {type(target).__name__}")

    def take_up(self, payload: bytes | None) -> Form:
        """Apply what a child has sent; returns what this process has now."""
        if payload is not None:
            self.replica.receive(payload)
        checks._check_nothing(self.graph.changed())
        checks.check_watched(self.graph, oracle.snapshot(self.world.roots))
        return self._form({})

    def _name(self, obj: Any) -> Any:
        return self.replica.codec.references.name_of(obj)

    def _place(self, obj: Any) -> tuple[bool, Any]:
        name = self._name(obj) or (global_name(obj), 0)
        return (False, self._places[name]) if type(name) is int else (True, name)

    def _form(self, new: dict[int, Any]) -> Form:
        """What each object holds, all objects by the name that they have in every process."""
        return form_of_all(self.world.roots, lambda obj: self._name(obj) or new.get(id(obj)))


def take_back(refused: Refused) -> None:
    """Undo the one change that could not be sent, or all that happened to a list or set."""
    change = refused.change
    cell = change.cell
    if cell.kind.shape is not NAMED:
        before = next(shadow for group in change.unit.groups for known, shadow in group.shadows() if known is cell)
    elif change.change == REORDERED:
        return
    else:
        key = hash_free_key(change.name)
        now = [(hash_free_key(name), name, value) for name, value in cell.kind.contents(cell.obj)]
        before = [(name, value) for other, name, value in now if other != key]
        if change.before is not ABSENT:
            before.insert([other for other, _, _ in now].index(key), (change.name, change.before))
    cell.kind.restore(cell.obj, before)


def campaign(examples: int) -> Counter[str]:
    """What `run` exercised over so many examples, the same in every run."""
    tally: Counter[str] = Counter()
    for number in range(examples):
        source = random.Random(number)
        build = source.randbytes(source.randrange(5, 250))
        rounds = [
            (source.randrange(2), source.randrange(5), source.randbytes(source.randrange(2, 60)))
            for _ in range(source.randrange(1, 6))
        ]
        tally += run(build, rounds)
    return tally


def test_the_examples_send_most_changes_and_refuse_some() -> None:
    tally = campaign(60)
    assert tally["sent"] > 100
    assert tally["builtins.function"] > 0


Fault = Callable[[pytest.MonkeyPatch], None]


def names_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    original = References.add
    monkeypatch.setattr(References, "add", lambda self, author, objects: original(self, author, objects[::-1]))


def names_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta.Codec, "needs_name", lambda self, cls: False)


def forgets_what_was_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = delta.Delta.from_plain

    def from_plain(plain: tuple[Any, ...]) -> Delta:
        whole = original(plain)
        return whole._replace(entries=tuple(entry._replace(removed=()) for entry in whole.entries))

    monkeypatch.setattr(delta.Delta, "from_plain", from_plain)


def puts_what_is_new_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def update(self: Kind, obj: Any, removed: Sequence[Any], set_: Sequence[tuple[Any, Any]]) -> None:
        others = updated(self.contents(obj), [*removed, *(name for name, _ in set_)], ())
        self.restore(obj, [*set_, *others.values()])

    monkeypatch.setattr(kinds.DictKind, "update", update)


def sends_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "_order", lambda changed, set_, removed: None)


def sends_values_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(References, "name_of", lambda self, obj: None)


@pytest.mark.parametrize(
    "fault",
    [
        *(names_in_another_order, names_nothing_new, sends_no_order, sends_values_only),
        *(forgets_what_was_removed, puts_what_is_new_first),
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_codec_with_a_fault_is_noticed(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)
    with pytest.raises((AssertionError, LookupError)):
        campaign(400)
