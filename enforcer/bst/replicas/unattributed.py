"""What jobs changed in a replica where nobody looked, found before it could be mixed up with what comes next."""

from __future__ import annotations

import threading
from typing import Any

from enforcer.graph.compare import ChangedCell, changed_cells
from enforcer.graph.graph import Graph
from enforcer.graph.kinds import NAMED, PROBE
from enforcer.graph.unit import Unit


class UnattributedChanges:
    """One replica's foreign changes that no job's own compare has shown.

    Attributes:
        stays: whether they are let be instead of taken back.
        stuck: whether one could not be taken back.
        lock: held by whoever lets a unit be settled and changes it then: any thread of a job can.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._own: Unit | None = None
        self._acts = False
        self._found: list[ChangedCell] = []
        self._whole: dict[Unit, list[ChangedCell]] = {}
        self.stays = False
        self.stuck = False
        self.lock = threading.RLock()

    def rest(self) -> None:
        """No job acts, or is being judged."""
        self._own = None

    def begin(self, own: Unit) -> None:
        """A job of `own` acts from now on: what changes there is its own."""
        self._own, self._acts = own, True
        # Only here, where jobs run, are shadows what everything is to be compared with.
        self._graph.may_walk = self._may_walk

    def end(self) -> None:
        """Its action is over; its own changes are being judged."""
        self._acts = False

    def settle(self, unit: Unit) -> None:
        """Make `unit` what its shadows say (or, if that is the mode, the other way round), and note the difference."""
        if unit is not self._own and not unit.unchanged():
            self._settle(changed_cells(unit))

    def settle_beside(self, unit: Unit, filled: dict[Any, Any]) -> None:
        """As `settle`, after core's own entries were filled into `filled`; these become what to compare with."""
        if unit is not self._own:
            self._settle([cell for cell in changed_cells(unit) if cell.cell.obj is not filled])
            self._graph.take_over(unit)

    def _settle(self, changed: list[ChangedCell]) -> None:
        self._found += changed
        if self.stays:
            self.let_be(changed)
        elif self._graph.undo(changed):
            self.stuck = True

    def let_be(self, changed: list[ChangedCell]) -> None:
        """These foreign changes are this replica's own state from now on, and never another job's doing."""
        self._graph.accept(changed)
        for cell in changed:
            if cell.cell.kind.shape is not NAMED or cell.cell.kind is PROBE:
                self._whole.setdefault(cell.unit, []).append(cell)

    def clear(self, unit: Unit) -> None:
        """Take back what was let be where state is sent as a whole.

        Before a job of `unit`, or its delta would say what was never its doing; and before an update says it anew.
        """
        changed = self._whole.pop(unit, None)
        # The last ones first: earlier ones know what was there before.
        if changed and self._graph.undo(changed[::-1]):
            self.stuck = True

    def _may_walk(self, unit: Unit) -> bool:
        """Before a unit is walked anew for another's sake, and its present state taken for what it should be."""
        if unit is self._own:
            return not self._acts
        self.settle(unit)
        return True

    def take_found(self) -> list[ChangedCell]:
        """What was found since the last call."""
        found, self._found = self._found, []
        return found
