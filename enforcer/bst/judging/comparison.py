"""What a job's process has to compare around a job, and what becomes of the job's own changes.

With threads everything is shared: all is compared, and own changes are simply there. A replica
is changed by its own jobs only: what a job cannot have touched need not be compared each time,
and its own changes are taken back here and come again, to every process, by way of main.
"""

from __future__ import annotations

import itertools
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Container
from typing import NamedTuple

from enforcer.bst.elements.core_code import CORE
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.observing.touches import Touches
from enforcer.bst.replicas.pending import Pending
from enforcer.graph.compare import ChangedCell, changed_cells
from enforcer.graph.delta import Codec, Refused
from enforcer.graph.unit import CompareMostOf, Unit
from enforcer.results.findings import Job

_SWEEP_SHARE = 0.02
"""At most this part of a worker's time is spent on full compares."""


_CELL = 2e-6
"""Seconds that a full compare takes for one cell, until the first one has shown what it takes."""


class Suspected(NamedTuple):
    """What any of these jobs can have changed, the last one at the latest."""

    changed: list[ChangedCell]
    jobs: list[Job]


class Seen(NamedTuple):
    """What was found changed after an action.

    Attributes:
        by_job: what nobody but the job can have changed.
        by_full_compare: what it, or a job since the last full compare, can have changed.
        found_early: what was found, and dealt with at once, before the job came to see it.
    """

    by_job: list[ChangedCell]
    by_full_compare: Suspected
    found_early: Suspected


class Comparison(ABC):
    """What every process does with changes, for one job after the other; see the module.

    Attributes:
        since_full_compare: the jobs since everything was compared.
        foreign_stays: whether foreign changes stay in the process that made them.
    """

    since_full_compare: SinceFullCompare
    foreign_stays: bool

    @abstractmethod
    def before(self, own: Unit) -> list[ChangedCell]:
        """Make everything that the job can see at once the state that all processes have in common.

        Returns what earlier jobs had changed there; it is taken back already, if that is done at all.
        """

    def reached(self, unit: Unit) -> None:  # noqa: B027 - nothing needs to be done where all units are compared
        """A job is about to see something of the foreign `unit`."""

    @abstractmethod
    def after(self, own: Unit, touches: Touches, job: Job) -> Seen:
        """What is changed now."""

    @abstractmethod
    def encode(self, own: Unit, changed: list[ChangedCell]) -> list[Refused]:
        """Prepare the job's own changes for other processes; returns those that cannot be sent."""

    @abstractmethod
    def keep(self, changed: list[ChangedCell]) -> None:
        """The own changes that were encoded are to last."""

    @abstractmethod
    def forget(self, changed: list[ChangedCell]) -> None:
        """The own changes are not to last, here or elsewhere."""

    @abstractmethod
    def take_back(self, changed: list[ChangedCell]) -> list[ChangedCell]:
        """Undo these foreign changes, unless they stay; returns those that could not be undone."""

    def sweep(self) -> Suspected:
        """Compare everything, when no further job will come, of which not each was followed by a full compare."""
        return Suspected([], [])


class CompareAll(Comparison):
    """One process for all jobs, one at a time. Nothing is isolated here, so nothing foreign may stay, in any mode."""

    def __init__(self, run_graph: RunGraph, codec: Codec) -> None:
        self._run_graph = run_graph
        self._graph = run_graph.graph
        self._codec = codec
        self.since_full_compare = SinceFullCompare()
        self.foreign_stays = False

    def before(self, own: Unit) -> list[ChangedCell]:
        """What changed since the last job was the main thread's, by right."""
        self._run_graph.take_loaded_aside()
        self._graph.refresh()
        return []

    def after(self, own: Unit, touches: Touches, job: Job) -> Seen:
        """Everything is compared, whatever the job touched."""
        return Seen(self._graph.changed(), Suspected([], []), Suspected([], []))

    def encode(self, own: Unit, changed: list[ChangedCell]) -> list[Refused]:
        """Only tried: nothing is sent."""
        return self._codec.encode("", own, changed).refused

    def keep(self, changed: list[ChangedCell]) -> None:
        """They are in place, and are what to compare with from now on."""
        self._graph.accept(changed)

    def forget(self, changed: list[ChangedCell]) -> None:
        """They are undone."""
        self._graph.undo(changed)

    def take_back(self, changed: list[ChangedCell]) -> list[ChangedCell]:
        """They are undone in every mode."""
        return self._graph.undo(changed)


class CompareTouched(Comparison):
    """A process with a graph of its own, for one job after the other.

    Attributes:
        delta: the last job's own changes, encoded; None when there are none.
        clean: whether the graph is again what all processes have in common.
    """

    def __init__(self, run_graph: RunGraph, codec: Codec, pending: Pending, gated: bool, stays: bool) -> None:
        self._run_graph = run_graph
        self._graph = run_graph.graph
        self._codec = codec
        self._pending = pending
        self._unattributed = pending.unattributed
        self._unattributed.stays = self.foreign_stays = stays
        self._gated = gated
        self._shared = [unit for unit in run_graph.graph.units if unit.shared]
        self._evading = run_graph.evading
        self._seldom = set(run_graph.seldom)
        self._always = {*self._shared, *self._evading} - self._seldom
        # Thousands of functions of core, which hardly anybody replaces parts of: left to the full compare.
        self._core = {unit: CompareMostOf(unit) for unit in self._always if unit.name == CORE}
        self._author = ""
        self._numbers = itertools.count()
        # What was compared after the job before, or before the present one: only that can have changed it since.
        self._compared = set(run_graph.graph.units)
        self.delta: bytes | None = None
        self.clean = True
        self.since_full_compare = SinceFullCompare(_CELL * run_graph.graph.cell_count())

    def settle(self) -> None:
        """In a fresh worker: its deltas are told from any other's, also of one that had its process id before."""
        self._author = f"{os.getpid()}.{time.monotonic_ns()}"
        self.since_full_compare.start()

    def take_over_shared(self) -> None:
        """What the enforcer itself changes in a fresh process is nobody's doing."""
        for unit in self._shared:
            if not self._core.get(unit, unit).unchanged():
                self._graph.take_over(unit)

    def get_ready(self) -> None:
        """Before workers are forked: prepare the fast compares of what is compared after each job."""
        for unit in (self._always | self._seldom) - self._core.keys():
            unit.get_ready()
        for compared in self._core.values():
            compared.unchanged()

    def before(self, own: Unit) -> list[ChangedCell]:
        """The own unit must be what its shadows say; else an earlier job changed it where nobody looked."""
        self.delta = None
        self._run_graph.take_loaded_aside()
        self._unattributed.rest()
        for unit in self._shared:
            self._pending.bring_up(unit)
        # What nobody reaches for by an attribute, the job can hold already.
        self._settle([own, *self._evading])
        self._unattributed.clear(own)
        self._unattributed.begin(own)
        return self._unattributed.take_found()

    def reached(self, unit: Unit) -> None:
        """It is brought up to date; what earlier jobs did there must not be taken for this one's doing."""
        self._settle([unit], self._compared)

    def _settle(self, units: list[Unit], compared: Container[Unit] = ()) -> None:
        """Bring these units, and the owners of what they hold too, up to date, without what earlier jobs did there."""
        settled: set[Unit] = set()
        while more := set(units) - settled:
            settled |= more
            for unit in more:
                if unit not in compared:
                    with self._unattributed.lock:
                        self._unattributed.settle(unit)
                    # From now on it is the present job that changes it, by what it holds, before it reaches for it.
                    self._compared.add(unit)
                self._pending.bring_up(unit)
            units = [owner for unit in more for owner in self._held_of(unit)]

    def after(self, own: Unit, touches: Touches, job: Job) -> Seen:
        """What the job touched is compared, and now and then, or if nothing is gated, everything."""
        self._unattributed.end()
        near = self._always.union(self._run_graph.imported)
        more = {own, *self._evading} | touches.units
        while more:
            near |= more
            more = {owner for unit in more for owner in self._held_of(unit)} - near
        near -= self._core.keys()
        changed = self._changed(near) + self._changed_core()
        self._compared = near
        found_early = Suspected(self._unattributed.take_found(), [*self.since_full_compare.jobs, job])
        if self._gated and not self.since_full_compare.due():
            self.since_full_compare.add(job)
            return Seen(changed, Suspected([], []), found_early)
        older, earlier = self._sweep(near | {cell.unit for cell in changed})
        if not earlier:
            # What nobody else can have done, this job did.
            return Seen(changed + older, Suspected([], []), found_early)
        return Seen(changed, Suspected(older, [*earlier, job]), found_early)

    def _changed(self, units: set[Unit]) -> list[ChangedCell]:
        found: list[ChangedCell] = []
        for unit in units:
            if not unit.unchanged():
                found += changed_cells(unit)
        return found

    def _changed_core(self) -> list[ChangedCell]:
        changed = [unit for unit, compared in self._core.items() if not compared.unchanged()]
        return [cell for unit in changed for cell in changed_cells(unit)]

    def _held_of(self, unit: Unit) -> list[Unit]:
        """The elements that own containers that this unit holds too."""
        owners = self._graph.registry.owner
        found = {owners.get(id(alias.obj)) for alias in unit.aliases}
        return [owner for owner in found if owner is not None and not owner.shared]

    def _sweep(self, done: set[Unit]) -> tuple[list[ChangedCell], list[Job]]:
        start = time.monotonic()
        older = self._changed(set(self._graph.units) - done)
        self._compared = set(self._graph.units)
        candidates = self.since_full_compare.jobs
        self.since_full_compare.swept(time.monotonic() - start)
        return older, candidates

    def sweep(self) -> Suspected:
        """Once more, when no further job will come."""
        older, candidates = self._sweep(set())
        return Suspected([*self._unattributed.take_found(), *older], candidates)

    def encode(self, own: Unit, changed: list[ChangedCell]) -> list[Refused]:
        """The delta that main applies and sends to all."""
        encoded = self._codec.encode(f"{self._author}.{next(self._numbers)}", own, changed)
        self.delta = encoded.payload
        return encoded.refused

    def keep(self, changed: list[ChangedCell]) -> None:
        """They are undone here, and come back with the updates that main sends to all."""
        stuck = self._graph.undo(changed)
        self.clean = self.clean and not stuck and not self._unattributed.stuck

    def forget(self, changed: list[ChangedCell]) -> None:
        """They are undone, and no delta says them."""
        self.delta = None
        self.keep(changed)

    def take_back(self, changed: list[ChangedCell]) -> list[ChangedCell]:
        """Under soft they are this worker's own state from now on, and never another job's doing."""
        if not self.foreign_stays:
            return self._graph.undo(changed)
        self._unattributed.let_be(changed)
        return []


class SinceFullCompare:
    """The jobs since the last full compare of one worker, and whether the next one is due.

    Args:
        cost: the seconds that the first one is expected to take.
    """

    def __init__(self, cost: float = 0.0) -> None:
        self.jobs: list[Job] = []
        self._cost = cost
        self._last = time.monotonic()

    def add(self, job: Job) -> None:
        """A job ended without a full compare of its own."""
        self.jobs = [*self.jobs, job]

    def start(self) -> None:
        """The time counts from now on: a worker was forked."""
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether a full compare would stay within its share of the time."""
        return time.monotonic() - self._last > self._cost / _SWEEP_SHARE

    def swept(self, cost: float) -> None:
        """A full compare was made and took `cost` seconds."""
        self.jobs = []
        self._cost = cost
        self._last = time.monotonic()
