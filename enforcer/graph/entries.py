"""What one delta says: the changed cells of a unit, and how they are put in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from enforcer.graph import kinds
from enforcer.graph.compare import ABSENT, REORDERED, ChangedCell, EntryChange
from enforcer.graph.function_caches import FUNCTION_CACHE
from enforcer.graph.kinds import NAMED, Contents, Kind, name_key, updated
from enforcer.graph.values import Inside
from enforcer.graph.walk import Registry

# In the order in which they are applied: an object needs its class before its slots, the hash of a key of a dict or
# set may depend on both, and an iterator can only stand where its list has a place.
KINDS: tuple[Kind, ...] = (
    *(kinds.TYPE, kinds.CLASS_FIELDS, kinds.INSTANCE, kinds.SLOTS, kinds.PROBE, kinds.CLASS, kinds.CLOSURE_CELL),
    *(kinds.FUNCTION, kinds.PARTIAL, kinds.WRAPPED_DICT, kinds.WRAPPED_LIST, kinds.DICT, kinds.ORDERED_DICT),
    *(kinds.LIST, kinds.DEQUE, kinds.SET, kinds.NATIVE, FUNCTION_CACHE),
)
CODES = {kind: code for code, kind in enumerate(KINDS)}


class CellDelta(NamedTuple):
    """One changed cell as it is sent.

    `subject` is the object whose state it is, `kind` the number of its kind. `set_` holds (name, value) pairs,
    `removed` names; `order` all names, where these two alone would give another order. What has no names is sent
    whole, in `whole`.
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
    entries: tuple[CellDelta, ...]

    def plain(self) -> tuple[Any, ...]:
        """As nothing but tuples: they need no name of their own."""
        return (self.author, self.root, tuple(map(tuple, self.entries)))

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> Delta:
        """The inverse of `plain`."""
        author, root, entries = plain
        return cls(author, root, tuple(CellDelta(*entry) for entry in entries))


def entry_of(changed: ChangedCell, changes: Sequence[EntryChange]) -> CellDelta:
    """What is to be sent of a cell, when only these of its changes are."""
    kind, subject = changed.cell.kind, changed.cell.subject
    code = CODES[kind]
    if kind.shape is not NAMED:
        return CellDelta(subject, code, (), (), None, tuple(value for _, value in kind.contents(changed.cell.obj)))
    named = [change for change in changes if change.change != REORDERED]
    set_ = tuple((change.name, _sent(change.after)) for change in named if change.after is not ABSENT)
    removed = tuple(change.name for change in named if change.after is ABSENT)
    order = _order(changed, [name for name, _ in set_], removed) if kind.ordered else None
    return CellDelta(subject, code, set_, removed, order, None)


def _sent(value: Any) -> Any:
    # Of what an iterator goes through, it is told by its place.
    return tuple(value[:1]) if type(value) is Inside else value


def _order(changed: ChangedCell, set_: Sequence[Any], removed: Sequence[Any]) -> tuple[Any, ...] | None:
    """The names in their present order, where removing and setting would give another."""
    names = {name_key(name): name for name, _ in changed.before}
    names.update((name_key(name), name) for name in set_)
    now = [name_key(name) for name, _ in changed.cell.kind.contents(changed.cell.obj)]
    sent = [key for key in now if key in names]
    gone = set(map(name_key, removed))
    return None if sent == [key for key in names if key not in gone] else tuple(names[key] for key in sent)


def apply(delta: Delta, registry: Registry, keep: Callable[[CellDelta, Any], bool] = lambda entry, name: False) -> None:
    """Make the cells that `delta` names hold what it says, entry by entry.

    Args:
        keep: asked for each name of an entry: True leaves what has that name as it is here.
    """
    for entry in sorted(delta.entries, key=attrgetter("kind")):
        kind = KINDS[entry.kind]
        obj = _holder(registry, kind, entry.subject)
        if entry.whole is not None:
            kind.restore(obj, list(enumerate(entry.whole)))
            continue
        removed = [name for name in entry.removed if not keep(entry, name)]
        set_ = [(name, value) for name, value in entry.set_ if not keep(entry, name)]
        if entry.order is None:
            kind.update(obj, removed, set_)
        else:
            kind.restore(obj, _ordered(updated(kind.contents(obj), removed, set_), entry.order))


def _holder(registry: Registry, kind: Kind, subject: Any) -> Any:
    """What the kind reads and writes for `subject`: itself, but for what can only be asked as a whole."""
    probe = registry.plan(type(subject)).probe if kind is kinds.PROBE else None
    return subject if probe is None else probe(subject)


def _ordered(entries: dict[object, tuple[Any, Any]], order: Iterable[Any]) -> Contents:
    """The entries that `order` names, in that order, then the others."""
    keys = [name_key(name) for name in order]
    return [entries.pop(key) for key in keys if key in entries] + list(entries.values())
