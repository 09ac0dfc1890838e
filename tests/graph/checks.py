"""Hold a graph to the oracle over one random program."""

from __future__ import annotations

from collections import Counter
from typing import Any

from enforcer.graph.compare import ABSENT, ADDED, REORDERED, SET, ChangedCell, EntryChange
from enforcer.graph.graph import Graph
from enforcer.graph.kinds import BAG, CLOSURE_CELL, INDEXED, NATIVE, Probe
from enforcer.graph.unit import Cell, Unit
from enforcer.graph.values import Inside
from tests.graph import oracle
from tests.graph.hostile import armed
from tests.graph.policies import OpenPolicy
from tests.graph.programs import Tape, World

Tally = Counter[str]


def run(world: World, rounds: list[bytes]) -> Tally:
    """Change a world round by round, and compare what graph and oracle say; returns what was exercised."""
    graph = Graph(OpenPolicy())
    with armed():
        graph.add(world.units())
        _check_nothing(graph.changed())
    before = oracle.snapshot(world.roots)
    check_watched(graph, before)
    _check_owners(graph, world)
    tally: Tally = Counter()
    for number, program in enumerate(rounds):
        world.log.append(f"round {number}")
        tape = Tape(program)
        ending = tape.pick((_undone, _accepted, _refreshed, _judged))
        world.mutate(tape)
        with armed():
            changed = graph.changed()
        _check_detection(graph, changed, before)
        tally.update(f"changes of {type(change.cell.kind).__name__}" for cell in changed for change in cell.changes)
        tally += _check_paths(changed, before)
        before = ending(graph, world, changed, before)
        with armed():
            _check_nothing(graph.changed())
        check_watched(graph, before)
    return tally


def _undone(graph: Graph, world: World, changed: list[ChangedCell], before: oracle.Snapshot) -> oracle.Snapshot:
    world.log.append("undo")
    assert graph.undo(changed) == []
    after = oracle.snapshot(world.roots)
    assert oracle.unequal(before, after) == []
    return after


def _accepted(graph: Graph, world: World, changed: list[ChangedCell], before: oracle.Snapshot) -> oracle.Snapshot:
    world.log.append("accept")
    with armed():
        graph.accept(changed)
    return oracle.snapshot(world.roots)


def _judged(graph: Graph, world: World, changed: list[ChangedCell], before: oracle.Snapshot) -> oracle.Snapshot:
    """What happens after a job: the changes of other units are undone, those of its own are accepted."""
    world.log.append("judge")
    own = [cell for cell in changed if cell.unit.name == "1.bst"]
    foreign = [cell for cell in changed if cell.unit.name != "1.bst"]
    owned = {id(cell.cell.subject) for cell in own}
    now = [oracle.Copy(before[key].obj, oracle.parts_of(before[key].obj) or []) for key in owned]
    assert graph.undo(foreign) == []
    with armed():
        graph.accept(own)
    assert not any(map(oracle.differs, now))
    assert oracle.changed(before) == owned
    return oracle.snapshot(world.roots)


def _refreshed(graph: Graph, world: World, changed: list[ChangedCell], before: oracle.Snapshot) -> oracle.Snapshot:
    world.log.append("refresh")
    with armed():
        graph.refresh()
    return oracle.snapshot(world.roots)


def _check_nothing(changed: list[ChangedCell]) -> None:
    seen = [(change.raw_path(), change.change) for cell in changed for change in cell.changes]
    assert seen == [], seen


def _object_of(cell: Cell) -> Any:
    return cell.obj.subject if type(cell.obj) is Probe else cell.obj


def _root_of(cell: Cell) -> Cell:
    while cell.parent is not None:
        cell = cell.parent
    return cell


def _owners(graph: Graph) -> dict[int, Unit]:
    owners: dict[int, Unit] = {}
    for unit in graph.units:
        for cell in unit.cells:
            assert owners.setdefault(id(_object_of(cell)), unit) is unit, "two owners"
    return owners


def check_watched(graph: Graph, before: oracle.Snapshot) -> None:
    """Every reachable object is a cell of one unit, and no other is."""
    owners = _owners(graph)
    owners.pop(id(graph.common.roots[0][0]), None)  # a list of the graph's own
    missing = [type(before[key].obj) for key in before.keys() - owners.keys()]
    stale = owners.keys() - before.keys()
    assert (missing, stale) == ([], set())


def _check_owners(graph: Graph, world: World) -> None:
    """Shared units first; then what the framework's attributes lead to; then the rest; each in the units' order."""
    expected: dict[int, Any] = {}
    skip = frozenset(map(id, world.roots))
    for roots, core in (([world.cls, world.module], None), (world.elements, True), (world.elements, None)):
        for root in roots:
            found: oracle.Snapshot = {}
            oracle.reach(root, found, skip - {id(root)}, core=core)
            for key in found:
                expected.setdefault(key, root)
    for key, unit in _owners(graph).items():
        assert unit.roots[0][0] is expected[key]


def _check_detection(graph: Graph, changed: list[ChangedCell], before: oracle.Snapshot) -> None:
    """What the graph reports is what the oracle reports, each in the unit that owns it."""
    owners = _owners(graph)
    for cell in changed:
        assert cell.changes
        assert owners[id(_object_of(cell.cell))] is cell.unit
    reported = {id(_object_of(cell.cell)) for cell in changed}
    expected = oracle.changed(before)
    missed = [type(before[key].obj).__name__ for key in expected - reported]
    invented = [type(before[key].obj).__name__ for key in reported - expected]
    assert (missed, invented) == ([], []), f"missed {missed}, invented {invented}"


def _check_paths(changed: list[ChangedCell], before: oracle.Snapshot) -> Tally:
    tally: Tally = Counter()
    for cell in changed:
        for change in cell.changes:
            try:
                tally += _check_path(change, before)
            except oracle.Unspeakable:
                tally["paths without an expression"] += 1
    return tally


def _check_path(change: EntryChange, before: oracle.Snapshot) -> Tally:
    root = _root_of(change.cell).obj
    path = change.raw_path()
    as_whole = type(change.cell.obj) is Probe or (change.cell.kind is NATIVE and change.name == "")
    if change.cell.kind.shape is BAG or change.change == REORDERED or as_whole:
        trip = oracle.follow(path, root, before)
        assert oracle.behind(trip.value) is _object_of(change.cell), path
        _check_whole(change, before)
        return Counter({"paths to a container": 1})
    if change.change == ADDED:
        assert change.before is ABSENT
        _check_absent(change, before)
    else:
        trip = oracle.follow(path, root, before)
        assert oracle.token(trip.value) == oracle.token(change.before), path
    return _check_after(change, path, root, before)


def _check_absent(change: EntryChange, now: oracle.Snapshot | None) -> None:
    if change.cell.kind.shape is INDEXED:
        return  # another value may have that place on this side
    path = change.raw_path()
    try:
        trip = oracle.follow(path, _root_of(change.cell).obj, now)
    except oracle.Nowhere:
        return
    raise AssertionError(f"{path} was there: {type(trip.value)}")


def _check_after(change: EntryChange, path: str, root: Any, before: oracle.Snapshot) -> Tally:
    """The path leads to the value after, unless something on the way was replaced."""
    # A variable of a closure is one step from the function, so its cell is nowhere on the way.
    holder = change.cell.parent if change.cell.kind is CLOSURE_CELL else change.cell
    assert holder is not None
    way = oracle.follow(holder.path(), root, before)
    try:
        now = oracle.follow(holder.path(), root, None)
    except oracle.Nowhere:
        return Counter({"paths through what was replaced": 1})
    if way.way != now.way or now.value is not way.value:
        return Counter({"paths through what was replaced": 1})
    if change.after is ABSENT:
        _check_absent(change, None)
        return Counter({"paths followed": 1})
    assert oracle.token(oracle.follow(path, root, None).value) == oracle.token(change.after), path
    assert change.change in (SET, ADDED)
    return Counter({"paths followed": 1})


def _check_whole(change: EntryChange, before: oracle.Snapshot) -> None:
    """What a change of a whole container says was in it, and is."""
    obj = _object_of(change.cell)
    old = [part for part in before[id(obj)].parts if part.name in ("items", "places", "members", "bytes")]
    new = [part for part in oracle.parts_of(obj) or [] if part.name in ("items", "places", "members", "bytes")]
    for side, parts in ((change.before, old), (change.after, new)):
        if side is ABSENT:
            continue
        part, *_ = parts
        which = 0 if part.name == "items" else 1
        held = [oracle.token(entry[which]) for entry in part.entries]
        if change.change == REORDERED:
            assert [oracle.token(value) for value in side] == held
        else:
            assert oracle.token(tuple(side) if type(side) is Inside else side) in held
