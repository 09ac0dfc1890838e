"""Updates that have come and are not applied yet: each waits until its unit matters to a job here.

A graph of a thousand elements sends thousands of updates to every worker, and a job has to do with
a handful of elements. So an update is kept as bytes, by unit, until the job that runs is of that
element or reaches for it.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from typing import Any

from enforcer.bst.replicas.replication import Replication
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit

MANY = 16
"""An element gets a handful in a build. More are for what all share, and would be applied in every new worker."""

_ADDRESS = struct.Struct("!Q")


def addressed(root: Any, payload: bytes) -> bytes:
    """An update for the unit of which `root` is the first root; that is at the same address in all processes."""
    return _ADDRESS.pack(id(root)) + payload


class Pending:
    """The updates that one replica has not applied, by unit.

    Attributes:
        unattributed: what was found changed where an update was to be applied.
    """

    def __init__(self, graph: Graph, replication: Replication) -> None:
        self._graph = graph
        self._replication = replication
        self._updates: dict[int, list[tuple[int, bytes]]] = {}
        self._numbers = itertools.count()
        self.unattributed = replication.unattributed

    def add(self, updates: Iterable[bytes], many: int = MANY) -> None:
        """Keep these updates, but apply what waits for a unit once it is many: what is left does not grow forever."""
        crowded = set()
        for update in updates:
            (address,) = _ADDRESS.unpack_from(update)
            waiting = self._updates.setdefault(address, [])
            waiting.append((next(self._numbers), update[_ADDRESS.size :]))
            if len(waiting) > many:
                crowded.add(address)
        for address in sorted(crowded):
            self.bring_up(self._graph.registry.roots[address])

    def apply_all(self) -> None:
        """Bring every unit up to date, in the order in which the updates came."""
        for address in list(self._updates):
            unit = self._graph.registry.roots[address]
            self.unattributed.settle(unit)
            self.unattributed.clear(unit)
        waiting, self._updates = self._updates, {}
        for _, payload in sorted(update for updates in waiting.values() for update in updates):
            self._replication.catch_up([payload])

    def bring_up(self, unit: Unit) -> None:
        """Bring one unit up to date; from any thread of the job."""
        address = id(unit.roots[0][0])
        if address not in self._updates:
            return
        with self.unattributed.lock:
            updates = self._updates.pop(address, [])
            if updates:
                # Whoever wrote there past all hooks: what is to come now must not be mixed up with that.
                self.unattributed.settle(unit)
                self.unattributed.clear(unit)
            waiting = iter(updates)
            try:
                self._replication.catch_up(payload for _, payload in waiting)
            except KeyError:
                # It names something that came with the update of another unit.
                self._updates[address] = updates[len(updates) - len(list(waiting)) - 1 :]
                self.apply_all()
