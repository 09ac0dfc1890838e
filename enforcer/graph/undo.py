"""Put back what cells held, entry by entry, so that the containers keep their identity."""

from __future__ import annotations

from collections.abc import Iterable

from enforcer.graph.compare import ChangedCell
from enforcer.graph.kinds import INSTANCE, NATIVE, SLOTS, TYPE


def undo(cells: Iterable[ChangedCell]) -> list[ChangedCell]:
    """Restore every cell and return those that could not be restored.

    Containers inside containers are cells of their own, so their order does not matter; but an
    object needs its class before its slots, the hash of a key of a dict or set may depend on both, and an
    iterator can only stand where its list has a place.
    """
    failed = []
    for changed in sorted(cells, key=lambda changed: _ORDER.get(changed.cell.kind, _BETWEEN)):
        try:
            changed.cell.kind.restore(changed.cell.obj, changed.before)
        except Exception:
            # Read-only, of a shape that its owner does not let us write, or a plugin's key whose
            # `__hash__` or `__eq__` raised: reported as not undone.
            failed.append(changed)
    return failed


_BETWEEN = 3
_ORDER = {TYPE: 0, INSTANCE: 1, SLOTS: 2, NATIVE: 4}
