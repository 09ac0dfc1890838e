"""Keeps the graphs of all processes the same: takes up what changed here, applies what changed elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from buildstream._artifact import Artifact

from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.replicas.assignments import Assigned
from enforcer.bst.replicas.pickling import BstWire
from enforcer.bst.replicas.unattributed import UnattributedChanges
from enforcer.errors import EnforcerError
from enforcer.graph.compare import ABSENT, REORDERED, SET, ChangedCell, EntryChange, changed_cells
from enforcer.graph.delta import Codec
from enforcer.graph.entries import CODES, KINDS, CellDelta, Delta, apply
from enforcer.graph.kinds import DICT, INSTANCE, NAMED
from enforcer.graph.references import References
from enforcer.graph.show import show
from enforcer.graph.unit import Cell, Unit
from enforcer.graph.values import full_class_name, hash_free_key, vars_of

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
        unattributed: in a worker, what it has to be told of before an update is applied.
        position: how many updates this process has published.
        refused: types of objects that stood in the way of sending what main has changed, with how often.
    """

    def __init__(self, run_graph: RunGraph) -> None:
        self._graph = run_graph.graph
        self._wire = BstWire(run_graph.policy)
        self._graph.registry.meet(id(self._wire), self._wire)
        self.codec = Codec(self._graph.registry, References(self._graph.registry.seal()), self._wire)
        self.unattributed = UnattributedChanges(run_graph.graph)
        self.position = 0
        self.refused: Counter[str] = Counter()
        # Main's own changes: what was changed, and the position at which all others know it.
        self._own: dict[_Key, int] = {}
        # Units of elements whose shadows main does not keep any more.
        self._stale: set[Unit] = set()
        # What main has kept although a job's delta says otherwise: all others have yet to be told.
        self._kept: list[Assigned] = []

    def capture(self, assigned: list[Assigned], exact: set[Any], author: str) -> list[tuple[Unit, bytes]]:
        """Encode what main has changed.

        Args:
            assigned: objects and the attributes that were assigned.
            exact: elements of which everything is to be compared, because plugin code ran on the main thread.
        """
        changes: dict[Unit, list[ChangedCell]] = {}
        kept, self._kept = self._kept, []
        for obj, names in [*assigned, *kept]:
            unit = self._unit_of(obj)
            if unit is not None and not unit.shared:
                self._stale.add(unit)
                changes.setdefault(unit, []).extend(_assigned_cells(unit, obj, names))
            elif unit is not None:
                changes[unit] = []
        for unit in map(self._unit_of, exact):
            if unit is not None and (unit.shared or unit not in self._stale):
                changes[unit] = []
        return list(self._encode_all(changes, author))

    def _encode_all(self, changes: dict[Unit, list[ChangedCell]], author: str) -> Iterator[tuple[Unit, bytes]]:
        position = self.position
        for number, (unit, assigned) in enumerate(changes.items()):
            changed = assigned or changed_cells(unit)
            if not changed:
                continue
            encoded = self.codec.encode(f"{author}.{number}", unit, changed)
            self.refused.update(refused.type_name for refused in encoded.refused)
            self.codec.references.add(f"{author}.{number}", encoded.introduced)
            if not assigned:
                self._graph.accept(changed)
            if encoded.payload is not None:
                position += 1
                self._note(changed, position)
                yield unit, encoded.payload

    def _note(self, changed: list[ChangedCell], position: int) -> None:
        for cell in changed:
            kind = cell.cell.kind
            for change in cell.changes:
                named = kind.shape is NAMED and change.change != REORDERED
                name = hash_free_key(change.name) if named else _WHOLE
                self._own[id(cell.cell.subject), CODES[kind], name] = position

    def _unit_of(self, obj: Any) -> Unit | None:
        if type(obj) is Artifact:
            obj = obj._element
        return self._graph.unit_of(obj) or self._graph.registry.owner.get(id(obj))

    def published(self, position: int) -> None:
        """An update of this process is in the log, at `position`."""
        self.position = position

    def apply_job(self, payload: bytes, known: int) -> bytes:
        """Apply a job's delta in main; returns what is to be sent to all.

        No job runs in main, so nothing is compared there but what `capture` is told of: shadows are not kept.

        Args:
            known: the position up to which the job's worker knew main's changes when it began.

        Raises:
            ConflictError: main has changed the same meanwhile, and neither can simply win.
        """
        delta = self.codec.decode(payload)
        for entry in delta.entries if self._own else ():
            self._check(entry, known)
        apply(delta, self._graph.registry, lambda entry, name: self._keeps(delta, entry, name, known))
        self._stale.add(self._unit(delta))
        return payload

    def _keeps(self, delta: Delta, entry: CellDelta, name: Any, known: int) -> bool:
        """Whether main's value stays; then it is sent once more, after the job's."""
        keeps = self._is_newer(entry, hash_free_key(name), known)
        if keeps and KINDS[entry.kind] is INSTANCE:
            self._kept.append(Assigned(entry.subject, {name}))
        elif keeps:
            self._kept.append(Assigned(delta.root, {"_Element__cache_key"}))
        return keeps

    def _is_newer(self, entry: CellDelta, name: object, known: int) -> bool:
        return self._own.get((id(entry.subject), entry.kind, name), 0) > known

    def _check(self, entry: CellDelta, known: int) -> None:
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
        """Apply in a worker, or in the pristine process, what main has sent; it becomes the state to compare with.

        Raises:
            KeyError: an update names an object that came with one that was not applied; those before it are applied.
        """
        units: dict[Unit, None] = {}
        try:
            for payload in updates:
                delta = self.codec.decode(payload)
                units[self._unit(delta)] = None
                apply(delta, self._graph.registry)
        finally:
            for unit in units:
                self._graph.take_over(unit)
            self._accept_proxies()

    def _unit(self, delta: Delta) -> Unit:
        unit = self._graph.unit_of(delta.root)
        if unit is None:
            raise ConflictError(f"a change of {delta.root!r}, which is not in this graph")
        return unit

    def _accept_proxies(self) -> None:
        while self._wire.filled:
            plugin = self._wire.filled.pop()
            unit = self._graph.unit_of(plugin)
            if unit is not None:
                self.unattributed.settle_beside(unit, plugin._Element__proxies)


def _assigned_cells(unit: Unit, obj: Any, names: Iterable[str]) -> list[ChangedCell]:
    """Changes that say what these attributes of `obj` hold now."""
    attributes = vars_of(obj)
    found = [_set_in(unit, Cell(INSTANCE, obj, None, ""), {name: attributes.get(name, ABSENT) for name in names})]
    if any(name.endswith("cache_key") for name in names) and "_message_kwargs" in attributes:
        # Whenever core sets a key, it also notes there how messages show it.
        kwargs = attributes["_message_kwargs"]
        found.append(_set_in(unit, Cell(DICT, kwargs, None, ""), kwargs))
    return found


def _set_in(unit: Unit, cell: Cell, entries: dict[str, Any]) -> ChangedCell:
    changes = tuple(EntryChange(unit, cell, name, SET, ABSENT, value) for name, value in entries.items())
    return ChangedCell(unit, cell, cell.kind.contents(cell.obj), changes)


def _main_wins(name: Any) -> bool:
    return type(name) is str and name in _MAIN_WINS
