"""Sort foreign changes: what is a listed fill of core stays, the rest is taken back, and most of it is a violation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from enforcer.bst.judging.core_fills import fill_of
from enforcer.bst.judging.python_memos import Memo
from enforcer.graph.compare import SET, ChangedCell, EntryChange
from enforcer.graph.equal import equal_plain
from enforcer.results.findings import Job

MemoOf = Callable[[EntryChange], Memo | None]


@dataclass
class Sorted:
    """Foreign changes, sorted; a cell with changes of both sorts is in both lists.

    Attributes:
        taken_back: with only the changes that are violations; what each cell is restored to keeps what core filled in.
        fills: what core filled in.
        counts: how often which core fill was seen, and how many values were recomputed to equal ones.
    """

    taken_back: list[ChangedCell] = field(default_factory=list)
    fills: list[ChangedCell] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def sort_foreign(foreign: Iterable[ChangedCell], job: Job, memo_of: MemoOf = lambda change: None) -> Sorted:
    """Sort what is not `job`'s own; `memo_of` knows what Python and libraries keep on objects of theirs.

    A value that was replaced by an equal one is taken back too, without being a violation: it
    says the same, but the new container may be somebody else's.
    """
    found = Sorted()
    for cell in foreign:
        kept: list[EntryChange] = []
        rest: list[EntryChange] = []
        for change in cell.changes:
            fill = fill_of(change, job) or memo_of(change)
            (rest if fill is None else kept).append(change)
            found.counts.update([] if fill is None else [fill.name])
        if kept:
            found.fills.append(cell)
        if rest:
            violations = tuple(change for change in rest if not _says_the_same(change))
            if recomputed := len(rest) - len(violations):
                found.counts["recomputed equal values"] += recomputed
            found.taken_back.append(_with_only(cell, violations, kept))
    return found


def _says_the_same(change: EntryChange) -> bool:
    return change.change == SET and equal_plain(change.before, change.after)


def _with_only(cell: ChangedCell, violations: tuple[EntryChange, ...], kept: list[EntryChange]) -> ChangedCell:
    """`cell` with only its violations; what it is restored to has the entries that are kept."""
    names = {id(change.name) for change in kept}
    before = [entry for entry in cell.before if id(entry[0]) not in names]
    before += [(change.name, change.after) for change in kept]
    return replace(cell, changes=violations, before=before if kept else cell.before)
