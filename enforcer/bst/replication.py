"""Keeps the graphs of all processes the same: takes up what changed here, applies what changed elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from enforcer.bst.wire import BstWire
from enforcer.bst.world import World
from enforcer.errors import EnforcerError
from enforcer.graph.compare import ChangedCell, changed_cells
from enforcer.graph.delta import Codec, Delta, apply
from enforcer.graph.references import References
from enforcer.graph.unit import Unit

_MAIN_WINS = frozenset({"_Element__cache_key", "_Element__cache_key_dict", "_cache_key", "element_key"})
"""Keys that the main thread may set on an element while its job runs (non-strict builds), and knows better."""


class ConflictError(EnforcerError):
    """A job and the main thread have changed the same thing at the same time."""


class Replication:
    """One process's side. Made before the fork, when all graphs are one.

    Attributes:
        codec: encodes and decodes deltas.
        position: how many updates this process has published.
    """

    def __init__(self, world: World) -> None:
        self._graph = world.graph
        self._wire = BstWire(world.policy)
        self._graph.registry.meet(self._wire)
        self.codec = Codec(self._graph.registry, References(self._graph.registry.seal()), self._wire)
        self.position = 0
        # Main's own changes: (address of the subject, key) and the position at which all others know it.
        self._own: dict[tuple[int, Any], int] = {}

    def capture(self, assigned: list[Any], author: str) -> list[bytes]:
        """Encode what changed on the units of these objects, and take it for the common state."""
        payloads = []
        for number, unit in enumerate(self._units_of(assigned)):
            changed = [] if unit.unchanged() else changed_cells(unit)
            if changed:
                payload = self._encode(f"{author}.{number}", unit, changed)
                payloads += [] if payload is None else [payload]
        return payloads

    def _units_of(self, objects: list[Any]) -> list[Unit]:
        registry = self._graph.registry
        found = (self._graph.unit_of(obj) or registry.owner.get(id(obj)) for obj in objects)
        return list(dict.fromkeys(unit for unit in found if unit is not None))

    def _encode(self, author: str, unit: Unit, changed: list[ChangedCell]) -> bytes | None:
        encoded = self.codec.encode(author, unit, changed)
        self.codec.references.add(author, encoded.introduced)
        for cell in changed:
            for change in cell.changes:
                self._own[id(cell.cell.subject), change.name] = self.position + 1
        self._graph.accept(changed)
        return encoded.payload

    def published(self, position: int) -> None:
        """An update of this process is in the log, at `position`."""
        self.position = position

    def apply_job(self, payload: bytes, known: int) -> bytes:
        """Apply a job's delta in main; returns what is to be sent to all.

        Args:
            known: the position up to which the job's worker knew main's changes when it began.

        Raises:
            ConflictError: main has changed the same meanwhile, and neither can simply win.
        """
        delta = self.codec.decode(payload)
        if self._own:
            for entry in delta.entries:
                self._check(entry.subject, [name for name, _ in entry.set_] + list(entry.removed), known)
        self._apply(delta, lambda subject, name: self._is_newer(subject, name, known))
        return payload

    def _is_newer(self, subject: Any, name: Any, known: int) -> bool:
        return type(name) is str and self._own.get((id(subject), name), 0) > known

    def _check(self, subject: Any, names: Iterable[Any], known: int) -> None:
        for name in names:
            if self._is_newer(subject, name, known) and name not in _MAIN_WINS:
                raise ConflictError(
                    f"the job and BuildStream's main thread both changed {name} of {subject!r} meanwhile: "
                    "please report this, with the plugin, to the enforcer's developers"
                )

    def catch_up(self, updates: Iterable[bytes]) -> None:
        """Apply in a worker, or in the pristine process, what main has sent."""
        for payload in updates:
            self._apply(self.codec.decode(payload), lambda subject, name: False)

    def _apply(self, delta: Delta, keep: Any) -> None:
        unit = self._graph.unit_of(delta.root)
        if unit is None:
            raise ConflictError(f"a change of {delta.root!r}, which is not in this graph")
        apply(delta, unit, keep)
        self._graph.accept(changed_cells(unit))
        self._accept_proxies()

    def _accept_proxies(self) -> None:
        while self._wire.filled:
            unit = self._graph.unit_of(self._wire.filled.pop())
            if unit is not None:
                self._graph.accept(changed_cells(unit))
