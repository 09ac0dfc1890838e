"""Plugin code that runs aside: a stock build would not run it now, so nothing may come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.observing.silence import silence
from enforcer.bst.observing.touches import Touches
from enforcer.graph.compare import ChangedCell, differing_cells, differs
from enforcer.graph.function_caches import FUNCTION_CACHE
from enforcer.graph.undo import undo
from enforcer.graph.unit import Unit


@contextmanager
def aside(
    run_graph: RunGraph, own: Unit, touches: Touches, changed: Iterable[ChangedCell]
) -> Iterator[list[ChangedCell]]:
    """Run plugin code in the block silently, and take back what it changes.

    Args:
        own: the unit of the element whose plugin's it is.
        touches: notes what the block touches, and nothing from before.
        changed: what differs from its shadow already, and is to stay.

    Yields:
        a list which has in the end what could not be taken back.
    """
    now = [replace(each, before=each.cell.kind.contents(each.cell.obj)) for each in changed]
    stuck: list[ChangedCell] = []
    with silence(run_graph.plugin_modules), touches.watching():
        yield stuck
    known = {id(each.cell) for each in now}
    differing = (cell for unit in _near(run_graph, own, touches) for cell in differing_cells(unit))
    # What a function has computed once more may stay: everybody who asks it gets the same.
    more = [cell for cell in differing if cell.cell.kind is not FUNCTION_CACHE]
    stuck += undo(filter(differs, [*now, *(cell for cell in more if id(cell.cell) not in known)]))


def _near(run_graph: RunGraph, own: Unit, touches: Touches) -> set[Unit]:
    """The units that may be changed: the own one, what is shared, what was touched, and owners of what these hold."""
    owners = run_graph.graph.registry.owner
    shared = {unit for unit in run_graph.graph.units if unit.shared}
    reached = {own, *touches.units, *run_graph.evading}
    held = {owners[id(alias.obj)] for unit in reached for alias in unit.aliases if id(alias.obj) in owners}
    return {unit for unit in shared | reached | held if not unit.unchanged()}
