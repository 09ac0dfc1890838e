"""Put back what cells held, entry by entry, so that the containers keep their identity."""

from __future__ import annotations

from collections.abc import Iterable

from enforcer.graph.compare import ChangedCell
from enforcer.graph.kinds import CannotRestore


def undo(cells: Iterable[ChangedCell]) -> list[ChangedCell]:
    """Restore every cell and return those that could not be restored.

    Containers inside containers are cells of their own, so the order does not matter.
    """
    failed = []
    for changed in cells:
        try:
            changed.cell.kind.restore(changed.cell.obj, changed.before)
        except (CannotRestore, AttributeError, TypeError, ValueError, OSError):
            # Read-only or of a shape that its owner does not let us write: reported as not undone.
            failed.append(changed)
    return failed
