"""Keeps the graphs of all processes the same: takes up what changed here, applies what changed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from enforcer.bst.wire import BstWire
from enforcer.bst.world import World
from enforcer.errors import EnforcerError
from enforcer.graph.compare import REORDERED, ChangedCell, changed_cells
from enforcer.graph.delta import Codec
from enforcer.graph.entries import CODES, Delta, Entry, apply
from enforcer.graph.kinds import NAMED
from enforcer.graph.references import References
from enforcer.graph.show import show
from enforcer.graph.unit import Unit
from enforcer.graph.values import full_class_name, hash_free_key

_MAIN_WINS = frozenset({"_Element__cache_key", "_Element__cache_key_dict", "_cache_key", "element_key"})
"""Keys that the main thread may set on an element while its job runs (non-strict builds), and knows better."""


# Stands for all that a list or set holds, and for the order of a dict.
_WHOLE = None
_Key = tuple[int, int, object]


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
        # Main's own changes: what was changed, and the position at which all others know it.
        self._own: dict[_Key, int] = {}

    def capture(self, assigned: list[Any], author: str) -> list[tuple[Unit, bytes]]:
        """Encode what changed on the units of these objects, and take it for the common state."""
        payloads: list[tuple[Unit, bytes]] = []
        for number, unit in enumerate(self._units_of(assigned)):
            changed = [] if unit.unchanged() else changed_cells(unit)
            if changed:
                self._note(changed, self.position + len(payloads) + 1)
                payload = self._encode(f"{author}.{number}", unit, changed)
                payloads += [] if payload is None else [(unit, payload)]
        return payloads

    def _note(self, changed: list[ChangedCell], position: int) -> None:
        for cell in changed:
            kind = cell.cell.kind
            for change in cell.changes:
                named = kind.shape is NAMED and change.change != REORDERED
                name = hash_free_key(change.name) if named else _WHOLE
                self._own[id(cell.cell.subject), CODES[kind], name] = position

    def _units_of(self, objects: list[Any]) -> list[Unit]:
        registry = self._graph.registry
        found = (self._graph.unit_of(obj) or registry.owner.get(id(obj)) for obj in objects)
        return list(dict.fromkeys(unit for unit in found if unit is not None))

    def _encode(self, author: str, unit: Unit, changed: list[ChangedCell]) -> bytes | None:
        encoded = self.codec.encode(author, unit, changed)
        self.codec.references.add(author, encoded.introduced)
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
        for entry in delta.entries if self._own else ():
            self._check(entry, known)
        self._apply(delta, lambda entry, name: self._is_newer(entry, hash_free_key(name), known))
        return payload

    def _is_newer(self, entry: Entry, name: object, known: int) -> bool:
        return self._own.get((id(entry.subject), entry.kind, name), 0) > known

    def _check(self, entry: Entry, known: int) -> None:
        names = [*(name for name, _ in entry.set_), *entry.removed]
        told = [
            show(name) for name in names if not _main_wins(name) and self._is_newer(entry, hash_free_key(name), known)
        ]
        if (entry.whole is not None or entry.order is not None) and self._is_newer(entry, _WHOLE, known):
            told.append("what it holds" if entry.order is None else "the order")
        if told:
            raise ConflictError(
                f"the job and BuildStream's main thread both changed {', '.join(told)} of a "
                f"{full_class_name(type(entry.subject))} meanwhile: "
                "please report this, with the plugin, to the enforcer's developers"
            )

    def catch_up(self, updates: Iterable[bytes]) -> None:
        """Apply in a worker, or in the pristine process, what main has sent."""
        for payload in updates:
            self._apply(self.codec.decode(payload), lambda entry, name: False)

    def _apply(self, delta: Delta, keep: Callable[[Entry, Any], bool]) -> None:
        unit = self._graph.unit_of(delta.root)
        if unit is None:
            raise ConflictError(f"a change of {delta.root!r}, which is not in this graph")
        apply(delta, self._graph.registry, keep)
        self._graph.take_over(unit)
        self._accept_proxies()

    def _accept_proxies(self) -> None:
        while self._wire.filled:
            unit = self._graph.unit_of(self._wire.filled.pop())
            if unit is not None:
                self._graph.take_over(unit)


def _main_wins(name: Any) -> bool:
    return type(name) is str and name in _MAIN_WINS
