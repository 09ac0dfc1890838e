"""The whole graph of one scheduler run: its units, who owns what, and what changed since the last look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from enforcer.graph.compare import ChangedCell, changed_cells
from enforcer.graph.kinds import PROBE
from enforcer.graph.policy import Policy
from enforcer.graph.undo import undo
from enforcer.graph.unit import Unit
from enforcer.graph.walk import Registry, Walk


class Graph:
    """Units and their shadows. Not thread-safe: one job at a time looks."""

    def __init__(self, policy: Policy) -> None:
        self._registry = Registry(policy)
        self.units: list[Unit] = []

    def add(self, units: Iterable[Unit]) -> None:
        """Take these units into the graph and walk them, shared ones first.

        Between two elements, the one that holds a container through an attribute of the framework
        owns it: so all units are walked over those attributes before any other.
        """
        new = sorted(units, key=lambda unit: not unit.shared)
        self.units += new
        for unit in new:
            for root, _ in unit.roots:
                self._registry.roots[id(root)] = unit
        shared = [unit for unit in new if unit.shared]
        others = [unit for unit in new if not unit.shared]
        for batch in (shared, others):
            self._walk(batch)

    def _walk(self, units: list[Unit]) -> None:
        walks = [Walk(self._registry, unit) for unit in units]
        for walk in walks:
            walk.core()
        for walk in walks:
            walk.rest()

    def unit_of(self, root: object) -> Unit | None:
        """The unit that has `root` among its roots."""
        return self._registry.roots.get(id(root))

    def holders(self, changed: ChangedCell) -> list[str]:
        """Which other units hold the changed container too, and where: `app.bst env`."""
        units = self._registry.holders.get(id(changed.cell.obj), set())
        return sorted(
            f"{unit.name} {alias.path().lstrip('.')}"
            for unit in units
            for alias in unit.aliases
            if alias.obj is changed.cell.obj
        )

    def changed(self) -> list[ChangedCell]:
        """Every cell of every unit that differs from its shadow."""
        found: list[ChangedCell] = []
        for unit in self.units:
            if not unit.unchanged():
                found += changed_cells(unit)
        return found

    def accept(self, changed: Iterable[ChangedCell]) -> None:
        """Let the present state of the changed units be the one to compare with from now on.

        Replaced containers are walked anew, and so are units that shared a container with one of these.
        """
        units = {cell.unit for cell in changed}
        while units:
            units = self._rewalk(units)

    def _rewalk(self, units: set[Unit]) -> set[Unit]:
        """Walk these units anew; returns the units that held what no unit owns any more."""
        dropped = [cell.obj for unit in units for cell in unit.cells]
        for unit in units:
            self._registry.forget(unit)
        self._walk([unit for unit in self.units if unit in units])
        return self._registry.holders_of_orphans(dropped) - units

    def refresh(self) -> None:
        """Accept whatever changed since the last look: what the main thread did between two jobs."""
        self.accept(self.changed())

    def undo(self, changed: list[ChangedCell]) -> list[ChangedCell]:
        """Put back what these cells held; returns those that still differ, which are then accepted."""
        failed = undo(changed)
        stuck = {id(cell.cell): cell for cell in failed}
        for cell in self._still_changed(changed):
            # A probe's earlier value can be one that nobody makes again (an identity); that it took
            # the value back is all there is to know.
            if cell.cell.kind is not PROBE:
                stuck[id(cell.cell)] = cell
        self.accept(changed)
        return list(stuck.values())

    def _still_changed(self, changed: list[ChangedCell]) -> list[ChangedCell]:
        cells = {id(cell.cell) for cell in changed}
        units = {cell.unit for cell in changed}
        return [cell for unit in units for cell in changed_cells(unit) if id(cell.cell) in cells]

    def cell_count(self) -> int:
        """The number of cells of all units."""
        return sum(len(group.cells) for unit in self.units for group in unit.groups)

    def opaque(self) -> Counter[str]:
        """How many objects of each type nothing can see into."""
        total: Counter[str] = Counter()
        for unit in self.units:
            total += unit.opaque
        return total
