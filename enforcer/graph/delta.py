"""Changes of one unit in a form that another process can apply.

A delta names the changed cells and, entry by entry, what they hold now. Objects that every
replica has are sent as names, only new ones are pickled; containers among these get names of
their own, so that a later delta can say what changed inside of them.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from enforcer.graph import kinds
from enforcer.graph.compare import ABSENT, REORDERED, Change, ChangedCell
from enforcer.graph.kinds import NAMED, Contents, Kind
from enforcer.graph.policy import Wire
from enforcer.graph.references import References
from enforcer.graph.unit import Unit
from enforcer.graph.values import ATOMIC_IDS, full_class_name, hash_free_key
from enforcer.graph.walk import Registry

_KINDS: tuple[Kind, ...] = (
    *(kinds.INSTANCE, kinds.DICT, kinds.ORDERED_DICT, kinds.LIST, kinds.SET, kinds.DEQUE, kinds.SLOTS, kinds.TYPE),
    *(kinds.WRAPPED_DICT, kinds.WRAPPED_LIST, kinds.PROBE, kinds.CLASS, kinds.CLOSURE_CELL, kinds.FUNCTION),
    kinds.PARTIAL,
)
_CODES = {kind: code for code, kind in enumerate(_KINDS)}

# The first byte of a payload: whether the delta introduces containers that need names.
_PLAIN, _INTRODUCING = b"0", b"1"


class Entry(NamedTuple):
    """One changed cell as it is sent.

    `subject` is the object whose state it is, `kind` the number of its kind. `set_` holds (name, value) pairs,
    `removed` names; `order` all names, where their order changed. What has no names is sent whole, in `whole`.
    """

    subject: Any
    kind: int
    set_: tuple[tuple[Any, Any], ...]
    removed: tuple[Any, ...]
    order: tuple[Any, ...] | None
    whole: tuple[Any, ...] | None


class Delta(NamedTuple):
    """The changes of the unit that has `root` among its roots, made by `author` (unique for each delta)."""

    author: str
    root: Any
    entries: tuple[Entry, ...]

    def plain(self) -> tuple[Any, ...]:
        """As nothing but tuples: they need no name of their own."""
        return (self.author, self.root, tuple(map(tuple, self.entries)))

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> Delta:
        """The inverse of `plain`."""
        author, root, entries = plain
        return cls(author, root, tuple(Entry(*entry) for entry in entries))


class Refused(NamedTuple):
    """A change that cannot cross a process border, and the type of the object that stands in the way."""

    change: Change
    type_name: str


class Encoded(NamedTuple):
    """A delta as bytes (None when nothing is to be sent), the containers that it introduces, and what it leaves out."""

    payload: bytes | None
    introduced: list[Any]
    refused: list[Refused]


class Codec:
    """Encodes and applies deltas in one replica.

    Args:
        registry: of the graph: knows which types can be cells.
        wire: how objects that pickle does not know, or must not follow, are sent.
    """

    def __init__(self, registry: Registry, references: References, wire: Wire) -> None:
        self._registry = registry
        self.references = references
        self._wire = wire

    def encode(self, author: str, unit: Unit, changed: Iterable[ChangedCell]) -> Encoded:
        """The changes as bytes; attributes that are local to each process are left out."""
        root = unit.roots[0][0]
        sendable = [(cell, self._sendable(cell)) for cell in changed]
        sendable = [(cell, changes) for cell, changes in sendable if changes]
        if not sendable:
            return Encoded(None, [], [])
        whole = Delta(author, root, tuple(_entry(cell, changes) for cell, changes in sendable))
        try:
            return Encoded(*self._dump(whole), [])
        except Exception:
            return self._encode_singly(whole, sendable)

    def _sendable(self, cell: ChangedCell) -> list[Change]:
        return [change for change in cell.changes if not self._wire.is_local(cell.cell.obj, change.name)]

    def _encode_singly(self, whole: Delta, sendable: list[tuple[ChangedCell, list[Change]]]) -> Encoded:
        """Leave out each change that cannot be sent; plugin code that pickle runs may raise anything."""
        entries, refused = [], []
        for cell, changes in sendable:
            parts = [changes] if cell.cell.kind.shape is not NAMED else [[change] for change in changes]
            kept = []
            for part in parts:
                culprit = self._why_not(Delta(whole.author, whole.root, (_entry(cell, part),)))
                if culprit is None:
                    kept += part
                else:
                    refused.append(Refused(part[0], culprit))
            if kept:
                entries.append(_entry(cell, kept))
        if not entries:
            return Encoded(None, [], refused)
        return Encoded(*self._dump(Delta(whole.author, whole.root, tuple(entries))), refused)

    def _why_not(self, delta: Delta) -> str | None:
        pickler = _Encoder(io.BytesIO(), self)
        try:
            pickler.dump(delta.plain())
            return None
        except Exception:
            return full_class_name(type(pickler.last))

    def _dump(self, delta: Delta) -> tuple[bytes, list[Any]]:
        file = io.BytesIO()
        pickler = _Encoder(file, self)
        pickler.dump(delta.plain())
        payload = file.getvalue()
        if pickler.runs_code:
            self._try_decoding(payload, pickler.introduced)
        return (_INTRODUCING if pickler.introduced else _PLAIN) + payload, pickler.introduced

    def _try_decoding(self, payload: bytes, introduced: list[Any]) -> None:
        """What somebody's own `__reduce__` made must come out again, with the same containers in the same order."""
        again = self._numbered(self._load(payload))
        if list(map(type, again)) != list(map(type, introduced)):
            raise pickle.PicklingError("does not come out as it went in")

    def _load(self, payload: bytes) -> Delta:
        return Delta.from_plain(_Decoder(io.BytesIO(payload), self).load())

    def _numbered(self, delta: Delta) -> list[Any]:
        """What `delta` introduces: pickling goes through its objects in the same order in every process."""
        pickler = _Encoder(io.BytesIO(), self)
        pickler.dump(delta.plain())
        return pickler.introduced

    def decode(self, payload: bytes) -> Delta:
        """The delta, with this replica's objects; what it introduces has its names from now on."""
        delta = self._load(payload[1:])
        if payload[:1] == _INTRODUCING:
            self.references.add(delta.author, self._numbered(delta))
        return delta

    def pack(self, value: Any) -> bytes:
        """Any value, as bytes for `unpack` in another replica."""
        file = io.BytesIO()
        _Encoder(file, self).dump(value)
        return file.getvalue()

    def unpack(self, payload: bytes) -> Any:
        """The inverse of `pack`; only for bytes from our own processes."""
        return _Decoder(io.BytesIO(payload), self).load()

    def is_container(self, cls: type) -> bool:
        """Whether objects of `cls` can be cells, so that later deltas may have to name them."""
        plan = self._registry.plan(cls)
        return bool(plan.cell_kinds) or plan.probe is not None

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
        return self._wire.reduce(obj)


class _Encoder(pickle.Pickler):
    """Sends what all replicas know as a name, and numbers what they don't."""

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file, protocol=5)
        self._codec = codec
        self._seen: set[int] = set()
        self.introduced: list[Any] = []
        self.last: Any = None
        self.runs_code = False

    def persistent_id(self, obj: Any) -> Any:
        """The name of `obj`; None has its content pickled."""
        if id(type(obj)) in ATOMIC_IDS:
            return None
        name = self._codec.name_of(obj)
        if name is not None:
            return name
        self.last = obj
        if id(obj) not in self._seen:
            self._seen.add(id(obj))
            if self._codec.is_container(type(obj)):
                self.introduced.append(obj)
        return None

    def reducer_override(self, obj: Any) -> Any:
        """Objects of classes."""
        reduced = self._codec.reduce(obj)
        if reduced is NotImplemented and not _reduced_by_python(type(obj)):
            self.runs_code = True
        return reduced


def _reduced_by_python(cls: Any) -> bool:
    """Whether pickling objects of `cls` and back runs nobody's code but Python's."""
    own = cls.__reduce__ is not object.__reduce__ or cls.__reduce_ex__ is not object.__reduce_ex__
    return not (own or hasattr(cls, "__setstate__") or "__getnewargs__" in dir(cls))


class _Decoder(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file)
        self._codec = codec

    def persistent_load(self, name: Any) -> Any:
        """The object of that name in this replica."""
        return self._codec.find(name)


def _entry(cell: ChangedCell, changes: Sequence[Change]) -> Entry:
    """What is to be sent of a cell."""
    kind, subject = cell.cell.kind, cell.cell.subject
    code = _CODES[kind]
    if kind.shape is not NAMED:
        return Entry(subject, code, (), (), None, tuple(value for _, value in kind.contents(cell.cell.obj)))
    named = [change for change in changes if change.change != REORDERED]
    set_ = tuple((change.name, change.after) for change in named if change.after is not ABSENT)
    removed = tuple(change.name for change in named if change.after is ABSENT)
    reordered = len(named) != len(changes)
    order = tuple(name for name, _ in kind.contents(cell.cell.obj)) if reordered else None
    return Entry(subject, code, set_, removed, order, None)


def apply(delta: Delta, unit: Unit, keep: Callable[[Any, Any], bool] = lambda subject, name: False) -> None:
    """Make the cells of `unit` hold what `delta` says, entry by entry.

    Args:
        keep: asked (subject, name) for each entry: True leaves it as it is here.
    """
    for entry in delta.entries:
        kind = _KINDS[entry.kind]
        obj = _holder(unit, kind, entry.subject)
        if entry.whole is not None:
            kind.restore(obj, list(enumerate(entry.whole)))
        else:
            kind.restore(obj, _merged(kind.contents(obj), entry, lambda name, e=entry: keep(e.subject, name)))  # type: ignore[misc]


def _holder(unit: Unit, kind: Kind, subject: Any) -> Any:
    """What the kind reads and writes for `subject`: itself, but for what can only be asked as a whole."""
    if kind is not kinds.PROBE:
        return subject
    return next(cell.obj for cell in unit.cells if cell.kind is kind and cell.subject is subject)


def _merged(now: Contents, entry: Entry, keep: Callable[[Any], bool]) -> Contents:
    """What a cell shall hold: its present contents with the entry's changes."""
    merged = {hash_free_key(name): (name, value) for name, value in now}
    for name in entry.removed:
        if not keep(name):
            merged.pop(hash_free_key(name), None)
    for name, value in entry.set_:
        if not keep(name):
            merged[hash_free_key(name)] = (name, value)
    if entry.order is None:
        return list(merged.values())
    keys = [hash_free_key(name) for name in entry.order]
    ordered = [merged.pop(key) for key in keys if key in merged]
    return ordered + list(merged.values())
