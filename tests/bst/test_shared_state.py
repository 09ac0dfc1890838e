"""Random jobs that write to state of every kind: all that they leave changed is found, and nothing foreign stays."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from enforcer.bst.elements.process import units
from enforcer.bst.elements.process.reading import RANDOM
from enforcer.bst.elements.process.rows import ROWS
from enforcer.bst.elements.process.units import begin_in_thread, end_in_thread
from enforcer.bst.elements.thread_state import ThreadState
from enforcer.bst.elements.walk_policy import BstPolicy
from enforcer.bst.judging.comparison import CompareAll, CompareTouched, Comparison
from enforcer.bst.observing.makers import Makers
from enforcer.bst.observing.touches import Touches
from enforcer.bst.replicas.pending import Pending, addressed
from enforcer.bst.replicas.replication import Replication
from enforcer.graph import kinds
from enforcer.graph.compare import ChangedCell
from enforcer.graph.function_caches import FunctionCacheKind
from enforcer.graph.unit import Unit
from enforcer.results.findings import Job
from enforcer.settings.settings import Settings
from tests.bst import shared_state
from tests.bst.shared_state import (
    COMMON,
    COUNTS,
    ELEMENT,
    LEFT_OUT,
    LENT,
    MODULE_NAME,
    OF_ELEMENTS,
    OF_MODULES,
    PROCESS,
    SHARED,
    State,
    World,
    rows,
)
from tests.properties import property_settings

PROCESS_ROWS = rows()
STATES = [*PROCESS_ROWS, *OF_MODULES, *OF_ELEMENTS, LENT, SHARED]
BACKENDS = ("threads", "pool")
ELEMENTS = st.integers(0, 2)


class Act(NamedTuple):
    """A job writes to a state, of an element if it is elements', and puts it back or not."""

    state: int
    element: int
    number: int
    puts_back: bool

    def __repr__(self) -> str:
        verb = "puts back" if self.puts_back else "writes"
        return f"{verb} {STATES[self.state].told[0]} of e{self.element} ({self.number})"


def _places(states: list[State]) -> st.SearchStrategy[int]:
    return st.sampled_from([STATES.index(state) for state in states])


ANY_STATE = _places(PROCESS_ROWS) | _places(OF_MODULES) | _places(OF_ELEMENTS) | _places([LENT, SHARED])
ACT = st.builds(Act, ANY_STATE, ELEMENTS, st.integers(2, 9), st.booleans())
PROGRAM = st.lists(st.tuples(ELEMENTS, st.lists(ACT, max_size=5)), min_size=1, max_size=4)


class Runs:
    """Runs one job after the other in one thread, as BuildStream does, and holds what is found to what was read."""

    def __init__(self, backend: str) -> None:
        self.world = World()
        self.replication = Replication(self.world)  # type: ignore[arg-type]
        self.pending = Pending(self.world.graph, self.replication)
        self.comparison: Comparison
        if backend == "threads":
            self.comparison = CompareAll(self.world, self.replication.codec)  # type: ignore[arg-type]
        else:
            self.comparison = CompareTouched(self.world, self.replication.codec, self.pending, True, False)  # type: ignore[arg-type]
        self.rows = {id(cell): row.name for row, cells in self.world.process.rows for cell in cells}
        self.log: list[str] = []
        self.retires = False

    def targets(self, state: State) -> list[Any]:
        if state.where in (ELEMENT, COMMON):
            return self.world.elements
        return [self.world.module]

    def readings(self) -> dict[tuple[State, int], Any]:
        return {
            (state, number): state.read(target) for state in STATES for number, target in enumerate(self.targets(state))
        }

    def job(self, number: int, acts: list[Act]) -> None:
        self.log.append(f"job of e{number}: {acts}")
        patched = self.world.process.patched
        self.world.policy.thread_state.begin()
        RANDOM.begin()
        assert self.comparison.before(self.unit(number)) == []
        before = self.readings()
        begin_in_thread()
        patched.begin()
        touches = self.act(number, acts)
        now = self.readings()
        patched.end()
        found = patched.take_off(seen=True, possible=True)
        seen = self.comparison.after(self.unit(number), touches, Job(f"e{number}", "Build", len(self.log), "plain"))
        assert (seen.by_full_compare.changed, seen.found_early.changed) == ([], [])
        self.check_found([*found, *seen.by_job], before, now)
        failed = bool(found) or any(cell.unit is not self.unit(number) for cell in seen.by_job)
        self.settle(self.unit(number), seen.by_job, failed)
        self.check_left(number, failed, before, now)
        end_in_thread()

    def unit(self, number: int) -> Unit:
        return self.world.unit_of(self.world.elements[number])

    def act(self, number: int, acts: list[Act]) -> Touches:
        world: Any = self.world
        makers = Makers(world.elements[number], (), (), "Build", str)
        touches = Touches(world, world, self.unit(number), self.comparison.reached, makers, Settings(blame="off"))
        with touches.watching():
            for act in acts:
                self.do(act)
        return touches

    def settle(self, own: Unit, changed: list[ChangedCell], failed: bool) -> None:
        """Take back what is foreign; keep what is not, unless the job has failed."""
        mine = [cell for cell in changed if cell.unit is own]
        foreign = [cell for cell in changed if cell.unit is not own]
        self.comparison.encode(own, mine)
        stuck = self.comparison.take_back(foreign)
        assert {name for _, name in map(self.name_of, stuck)} <= {COUNTS.told[0]}
        (self.comparison.forget if failed else self.comparison.keep)(mine)
        delta = getattr(self.comparison, "delta", None)
        if delta is not None:
            self.pending.add([addressed(own.roots[0][0], delta)])
            self.pending.apply_all()
        self.retires = bool(stuck) or not getattr(self.comparison, "clean", True)

    def do(self, act: Act) -> None:
        state = STATES[act.state]
        targets = self.targets(state)
        target = targets[act.element % len(targets)]
        before = state.read(target)
        state.put(target, state.values(act.number))
        if act.puts_back:
            state.put(target, before)

    def check_found(self, found: list[ChangedCell], before: Any, now: Any) -> None:
        expected = {name for key in before if now[key] != before[key] for name in self.names(*key)}
        assert {self.name_of(cell) for cell in found} == expected

    def names(self, state: State, number: int) -> Iterator[tuple[str, str]]:
        """Whose it is and what it is called, as a change of it is to be told."""
        # What e1 holds it has been lent by e0, or neither of them made it; e2 has its own.
        owner = f"e{number}" if state.where == ELEMENT or number == 2 else state.where
        if state is LENT and number == 1:
            owner = "e0"
        for name in state.told:
            yield owner, name

    def name_of(self, cell: ChangedCell) -> tuple[str, str]:
        unit = cell.unit
        if unit.kind == "process":
            path = cell.changes[0].raw_path()
            return PROCESS, self.rows.get(id(cell.cell)) or re.split(r"\W", path)[0]
        if unit is self.world.graph.common:
            return COMMON, "shared"
        (name, *_) = [each for each in re.findall(r"[A-Za-z]\w*", cell.changes[0].raw_path()) if each in NAMES]
        return (unit.name if unit.kind == "element" else "module"), name

    def check_left(self, number: int, failed: bool, before: Any, now: Any) -> None:
        own = {f"e{number}"}
        left = self.readings()
        for key in before:
            is_own = {owner for owner, _ in self.names(*key)} == own
            stays = key[0] is COUNTS or (is_own and not failed)
            expected = now if stays else before
            assert left[key] == expected[key], key


NAMES = {name for state in STATES for name in state.told}


def run(backend: str, program: list[tuple[int, list[Act]]], log: Callable[[str], None]) -> None:
    runs = Runs(backend)
    start = runs.readings()
    sys.modules[MODULE_NAME] = runs.world.module

    def all_jobs() -> None:
        for number, acts in program:
            runs.job(number, acts)
            if runs.retires:
                break  # as its worker would

    try:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(all_jobs).result()
    finally:
        log("\n".join(runs.log))
        for state in PROCESS_ROWS:
            if state.read(None) != start[state, 0]:
                state.put(None, start[state, 0])
        del sys.modules[MODULE_NAME]


@pytest.mark.parametrize("backend", BACKENDS)
@property_settings("ENFORCER_SHARED_EXAMPLES", 12)
@given(program=PROGRAM)
def test_what_is_left_changed_is_found_and_nothing_foreign_stays(backend: str, program: Any) -> None:
    run(backend, program, note)


def test_every_row_is_written_to_or_left_out_for_a_reason() -> None:
    written = {name for state in PROCESS_ROWS for name in state.told}
    assert {row.name for row in ROWS} == (written & {row.name for row in ROWS}) | LEFT_OUT.keys()
    assert written & LEFT_OUT.keys() == set()


def _late(place: int) -> int:
    """To find a seed takes most of the time; and after what cannot be taken back a worker would retire."""
    return {"random.seed()": 1, COUNTS.told[0]: 2}.get(STATES[place].told[0], 0)


PLACES = sorted(range(len(STATES)), key=_late)
EACH = [(2, [Act(place, 1, 3, False) for place in PLACES[first : first + 10]]) for first in range(0, len(PLACES), 10)]
"""A few jobs that write to all of it."""


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_of_it_is_found(backend: str) -> None:
    run(backend, EACH, print)


Fault = Callable[[pytest.MonkeyPatch], None]


def forgets_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = [row for row in ROWS if row.name != "os.umask()"]
    monkeypatch.setattr(units, "ROWS", forgotten)
    monkeypatch.setattr(shared_state, "_process", lambda: units.Process({MODULE_NAME}))


def puts_no_row_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds.ProbeKind, "restore", lambda self, obj, before: None)


def looks_at_threads_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThreadState, "begin", lambda self: None)


def is_blind_to_what_functions_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FunctionCacheKind, "contents", lambda self, obj: [])


def takes_what_several_hold_for_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BstPolicy, "owner_among", lambda self, obj, holders: max(holders, key=lambda unit: unit.name))


@pytest.mark.parametrize(
    "fault",
    [
        *(forgets_a_row, puts_no_row_back, looks_at_threads_too_late),
        *(is_blind_to_what_functions_keep, takes_what_several_hold_for_the_jobs),
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_fault_is_noticed(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        run("threads", EACH, print)
