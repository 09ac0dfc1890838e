"""Updates that have come and are not applied yet: each waits until its unit matters to a job here.

A graph of a thousand elements sends thousands of updates to every worker, and a job has to do with
a handful of elements. So an update is kept as bytes, by unit, until the job that runs is of that
element or reaches for it.
"""

from __future__ import annotations

import itertools
import struct
import threading
from collections.abc import Iterable
from typing import Any

from enforcer.bst.replication import Replication
from enforcer.graph.compare import ChangedCell, changed_cells
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit

_ADDRESS = struct.Struct("!Q")


def addressed(root: Any, payload: bytes) -> bytes:
    """An update for the unit of which `root` is the first root; that is at the same address in all processes."""
    return _ADDRESS.pack(id(root)) + payload


class Pending:
    """The updates that one replica has not applied, by unit."""

    def __init__(self, graph: Graph, replication: Replication) -> None:
        self._graph = graph
        self._replication = replication
        self._updates: dict[int, list[tuple[int, bytes]]] = {}
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._disturbed: list[ChangedCell] = []

    def add(self, updates: Iterable[bytes]) -> None:
        """Keep these updates."""
        for update in updates:
            (address,) = _ADDRESS.unpack_from(update)
            self._updates.setdefault(address, []).append((next(self._numbers), update[_ADDRESS.size :]))

    def apply_all(self) -> None:
        """Bring every unit up to date, in the order in which the updates came."""
        waiting, self._updates = self._updates, {}
        for _, payload in sorted(update for updates in waiting.values() for update in updates):
            self._replication.catch_up([payload])

    def bring_up(self, unit: Unit) -> None:
        """Bring one unit up to date; from any thread of the job."""
        address = id(unit.roots[0][0])
        if address not in self._updates:
            return
        with self._lock:
            updates = self._updates.pop(address, [])
            if updates and not unit.unchanged():
                self._take_back(unit)
            waiting = iter(updates)
            try:
                self._replication.catch_up(payload for _, payload in waiting)
            except KeyError:
                # It names something that came with the update of another unit.
                self._updates[address] = updates[len(updates) - len(list(waiting)) - 1 :]
                self.apply_all()

    def _take_back(self, unit: Unit) -> None:
        """Somebody wrote there past all hooks; what is to come now must not be mixed up with that."""
        changed = changed_cells(unit)
        self._graph.undo(changed)
        self._disturbed += changed

    def take_disturbed(self) -> list[ChangedCell]:
        """What was found written, and taken back, before a unit was brought up to date; since the last call."""
        disturbed, self._disturbed = self._disturbed, []
        return disturbed
