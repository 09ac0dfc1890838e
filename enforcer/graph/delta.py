"""Changes of one unit in a form that another process can apply.

A delta names the changed cells and, entry by entry, what they hold now. Objects that every
replica has are sent as names, only new ones are pickled; containers among these get names of
their own, so that a later delta can say what changed inside of them.

The bytes are for processes that were forked from one, never for a file: addresses and numbers of kinds mean something
only there. `Codec.encode` writes them where something has changed, `Codec.decode` reads them everywhere else:

    1 byte                 "0", or "1" if the delta introduces objects
    a pickle, protocol 5   (author, root, cells)
    a pickle, protocol 5   only after "1": a tuple of the objects that are introduced

    author   a string, unique for each delta
    root     the first root of the unit, by name
    cells    a tuple of tuples with the fields of `entries.CellDelta`:
               subject  the object whose state the cell is
               kind     the index of its kind in `entries.KINDS`, which is also the order in which cells are applied
               set      ((name, value), ...): what these names hold now
               removed  (name, ...): what holds nothing any more
               order    (name, ...), in their present order those that were there before or are set, and still are;
                        None where removing and setting gives that order, or the kind has none
               whole    (value, ...) for a kind without names (a list, a deque, a set), of which `set` and `removed` are
                        empty and `order` is None; else None

Both pickles are of one pickler, and are read by one unpickler: an object of the first stands in the second as a back
reference. Within them an object that has a name is its persistent id, which is either of

    address            an int: `id()` of an object from before the fork, the same in every process
    (author, number)   the object at that place among those that the delta of that author introduced
    what `Wire.name_of` gives for objects that have names of their own

Everything else is pickled: what `Wire.reduce` knows, its way; bound methods, and objects of Python classes that have no
protocol of their own, by `rebuild` (the class, then cells, as pairs of a kind's index and its contents); the rest as
pickle does it. Objects whose identity matters are introduced, in the order in which they are first met, and are known
as (author, number) to whoever has sent or decoded the delta from then on. So deltas are decoded in the order of the
log, at least those that name each other's objects: `KeyError` says that a name is not known yet.

What cannot be sent is left out, change by change, and told as `Refused`: attributes that are local to each process are
not told; a new object that others do not know cannot be a subject; what pickle refuses, and what somebody's own
`__reduce__` does not bring out of the bytes as it went in, is refused. If nothing is left there is no delta.

`Codec.pack` and `unpack` use the same form for one value in place of the first pickle, without giving names.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Container, Iterable, Sequence
from typing import Any, NamedTuple

from enforcer.graph import rebuild
from enforcer.graph.compare import ChangedCell, EntryChange
from enforcer.graph.entries import CellDelta, Delta, entry_of
from enforcer.graph.function_caches import FUNCTION_CACHE
from enforcer.graph.kinds import NAMED, NATIVE, native_state
from enforcer.graph.policy import Wire
from enforcer.graph.reading import Memory
from enforcer.graph.references import References
from enforcer.graph.twins import CONTAINERS, Likeness
from enforcer.graph.unit import Cell, Unit
from enforcer.graph.values import ATOMIC_IDS, full_class_name, identity, module_of
from enforcer.graph.walk import Registry

# The first byte of a payload: whether the delta introduces objects that need names.
_PLAIN, _INTRODUCING = b"0", b"1"


class Refused(NamedTuple):
    """A change that cannot cross a process border, and the type of the object that stands in the way."""

    change: EntryChange
    type_name: str


class Encoded(NamedTuple):
    """A delta as bytes (None when nothing is to be sent), the objects that it introduces, and what it leaves out."""

    payload: bytes | None
    introduced: list[Any]
    refused: list[Refused]


class Codec:
    """Encodes and decodes deltas in one replica. Made before the fork.

    Args:
        registry: of the graph: knows which types can be cells.
        wire: how objects that pickle does not know, or must not follow, are sent.
    """

    def __init__(self, registry: Registry, references: References, wire: Wire) -> None:
        self._registry = registry
        self.references = references
        self._wire = wire
        references.add("rebuild", [rebuild.make, rebuild.fill, rebuild.bind])

    def encode(self, author: str, unit: Unit, changed: Iterable[ChangedCell]) -> Encoded:
        """The changes as bytes, without attributes that are local to each process and what cannot be sent.

        Args:
            author: unique for each delta.
        """
        root = unit.roots[0][0]
        sendable, refused = [], []
        changed = list(changed)
        # What iterates through others is told with them: they would move on without it.
        stays = {id(cell.cell) for cell in changed if not _can_be_put_in_place(cell)}
        for cell in changed:
            changes = self._sendable(cell)
            # What only this process has: a foreign change of an earlier job that was let be.
            if changes and (_lies_in(cell.cell, stays) or self._is_unknown(cell.cell.subject)):
                refused.append(Refused(changes[0], _type_name(cell.cell.subject)))
            elif changes:
                sendable.append((cell, changes))
        entries = [entry_of(cell, changes) for cell, changes in sendable]
        try:
            return Encoded(*self._dump_delta(author, root, entries), refused)
        except Exception:
            entries, more = self._singly(author, root, sendable)
            return Encoded(*self._dump_delta(author, root, entries), refused + more)

    def _is_unknown(self, obj: Any) -> bool:
        return self.needs_name(type(obj)) and self.name_of(obj) is None

    def _sendable(self, cell: ChangedCell) -> list[EntryChange]:
        if cell.cell.kind is FUNCTION_CACHE:  # each process fills its own
            return []
        return [change for change in cell.changes if not self._wire.is_local(cell.cell.obj, change.name)]

    def _singly(
        self, author: str, root: Any, sendable: list[tuple[ChangedCell, list[EntryChange]]]
    ) -> tuple[list[CellDelta], list[Refused]]:
        """Leave out each change that cannot be sent; plugin code that pickle runs may raise anything."""
        entries, refused = [], []
        for cell, changes in sendable:
            parts = [changes] if cell.cell.kind.shape is not NAMED else [[change] for change in changes]
            kept: list[EntryChange] = []
            for part in parts:
                culprit = self._culprit(Delta(author, root, (entry_of(cell, part),)).plain())
                if culprit is None:
                    kept += part
                else:
                    refused.append(Refused(part[0], culprit))
            if kept:
                entries.append(entry_of(cell, kept))
        return entries, refused

    def _culprit(self, value: Any) -> str | None:
        """The type of what stands in the way of `value`."""
        encoder = _Encoder(self)
        try:
            encoder.write(value)
        except Exception:
            return _type_name(encoder.last)
        inside = reversed(encoder.foreign)
        return next((_type_name(obj) for obj in inside if not self._comes_out(obj)), None)

    def _comes_out(self, obj: Any) -> bool:
        try:
            self._dump((obj,))
        except Exception:
            return False
        return True

    def _dump_delta(self, author: str, root: Any, entries: Sequence[CellDelta]) -> tuple[bytes | None, list[Any]]:
        return self._dump(Delta(author, root, tuple(entries)).plain()) if entries else (None, [])

    def _dump(self, value: tuple[Any, ...]) -> tuple[bytes, list[Any]]:
        encoder = _Encoder(self)
        payload = encoder.write(value)
        if encoder.foreign:
            self._check(value, encoder.introduced, *self._load(payload))
        return payload, encoder.introduced

    def _check(self, value: Any, introduced: list[Any], value_again: Any, introduced_again: list[Any]) -> None:
        """What somebody's own `__reduce__` made must come out as it went in, with names for all that is inside."""
        here = rebuild.Forms(self._registry, introduced)
        there = rebuild.Forms(self._registry, introduced_again)
        alike = here.of(value) == there.of(value_again) and len(introduced) == len(introduced_again)
        pairs = list(zip(introduced, introduced_again, strict=False))
        likeness = self._likeness(pairs)
        if not alike or not all(
            here.of_object(one) == there.of_object(other) or likeness.alike_inside(one, other) for one, other in pairs
        ):
            raise pickle.PicklingError("does not come out as it went in")

    def _likeness(self, pairs: Iterable[tuple[Any, Any]]) -> Likeness:
        """What an object of a library remembers need not come out, and need have no name."""
        likeness = Likeness(self._registry.plan, Memory(self._registry).settles, self._is_of_library)
        for one, other in pairs:
            likeness.pair(one, other)
        return likeness

    def _is_of_library(self, cls: type) -> bool:
        return not any(cls is one for one in CONTAINERS) and self._registry.policy.is_library(module_of(cls))

    def _load(self, payload: bytes) -> tuple[Any, list[Any]]:
        decoder = _Decoder(io.BytesIO(payload[1:]), self)
        value = decoder.load()
        return value, list(decoder.load()) if payload[:1] == _INTRODUCING else []

    def decode(self, payload: bytes) -> Delta:
        """The delta, with this replica's objects; what it introduces has its names from now on."""
        plain, introduced = self._load(payload)
        delta = Delta.from_plain(plain)
        self.references.add(delta.author, introduced)
        return delta

    def pack(self, value: Any) -> bytes:
        """Any value, as bytes for `unpack` in another replica."""
        return _Encoder(self).write(value)

    def unpack(self, payload: bytes) -> Any:
        """The inverse of `pack`; only for bytes from our own processes."""
        return self._load(payload)[0]

    def needs_name(self, cls: type) -> bool:
        """Whether later deltas may have to say which object of `cls` they mean."""
        return rebuild.has_identity(self._registry, cls)

    def name_of(self, obj: Any) -> Any:
        """How `obj` is sent as a name, or None."""
        return self.references.name_of(obj) or self._wire.name_of(obj)

    def find(self, name: Any) -> Any:
        """The inverse of `name_of`."""
        try:
            return self.references.find(name)
        except KeyError:
            return self._wire.find(name)

    def reduce(self, obj: Any) -> Any:
        """What pickle shall do with an object that is no plain container."""
        reduced = self._wire.reduce(obj)
        return rebuild.reduce(self._registry, obj) if reduced is NotImplemented else reduced

    def trusts(self, obj: Any) -> bool:
        """Whether what pickle does by itself with `obj` needs no check."""
        return rebuild.runs_no_code(self._registry, obj)


def _lies_in(cell: Cell, cells: Container[int]) -> bool:
    """Whether it is one of `cells`, by their ids, or what C keeps below one."""
    while id(cell) not in cells:
        if cell.kind is not NATIVE or cell.parent is None:
            return False
        cell = cell.parent
    return True


def _can_be_put_in_place(cell: ChangedCell) -> bool:
    """Whether the object that other processes have can be made what this one has become."""
    if cell.cell.kind is not NATIVE:
        return True
    native = native_state(type(cell.cell.obj))
    return native.write is not None and all(native.sends(change.after) for change in cell.changes)


class _Encoder(pickle.Pickler):
    """Sends what all replicas know as a name, and lists what they don't.

    Attributes:
        introduced: the objects that need a name.
        foreign: the objects that are pickled by a protocol of their own.
        last: the last object that was begun.
    """

    def __init__(self, codec: Codec) -> None:
        self._file = io.BytesIO()
        super().__init__(self._file, protocol=5)
        self._codec = codec
        self._seen: set[int] = set()
        self.introduced: list[Any] = []
        self.foreign: list[Any] = []
        self.last: Any = None

    def write(self, value: Any) -> bytes:
        """`value` as bytes, and after it what it introduces: pickle's memo makes that a list of back references."""
        self.dump(value)
        if self.introduced:
            self.dump(tuple(self.introduced))
        return (_INTRODUCING if self.introduced else _PLAIN) + self._file.getvalue()

    def persistent_id(self, obj: Any) -> Any:
        """The name of `obj`; None has its content pickled."""
        if identity(type(obj)) in ATOMIC_IDS:
            return None
        name = self._codec.name_of(obj)
        if name is not None:
            return name
        self.last = obj
        if id(obj) not in self._seen:
            self._seen.add(id(obj))
            if self._codec.needs_name(type(obj)):
                self.introduced.append(obj)
        return None

    def reducer_override(self, obj: Any) -> Any:
        """Objects of classes."""
        reduced = self._codec.reduce(obj)
        if reduced is NotImplemented and not self._codec.trusts(obj):
            self.foreign.append(obj)
        return reduced


class _Decoder(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file)
        self._codec = codec

    def persistent_load(self, name: Any) -> Any:
        """The object of that name in this replica."""
        return self._codec.find(name)


def _type_name(obj: Any) -> str:
    """The class of `obj`, or `obj` itself where it is a class."""
    return full_class_name(obj if issubclass(type(obj), type) else type(obj))
