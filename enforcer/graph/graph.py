"""The whole graph of one scheduler run: its units, who owns what, and what changed since the last look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from enforcer.graph.compare import ABSENT, SET, ChangedCell, EntryChange, changed_cells, differs
from enforcer.graph.kinds import INDEXED, NAMED, PROBE
from enforcer.graph.policy import Policy
from enforcer.graph.undo import undo
from enforcer.graph.unit import Cell, Holder, Unit
from enforcer.graph.values import ATOMIC_IDS, Inside, identity
from enforcer.graph.walk import Registry, Walk

COMMON = "common"
"""The kind of the unit that stands for several."""

_ROUNDS = 8
"""So many levels of containers, one inside of the other, are given to different owners."""


class Graph:
    """Units and their shadows. Not thread-safe: one job at a time looks.

    Attributes:
        common: owns what several elements hold and none of them had first: the entries of a list of ours.
        may_walk: asked before a unit is walked anew only because another one was, so that its present
            state becomes the one to compare with; whoever must see first what changed there looks now.
    """

    def __init__(self, policy: Policy) -> None:
        self.registry = Registry(policy)
        self._policy = policy
        self.units: list[Unit] = []
        self._places: dict[int, Holder] = {}
        # Who held what there was a decision on, by id.
        self._parties: dict[int, set[Unit]] = {}
        self._shared: list[object] = []
        self.common = Unit(COMMON, "several elements", [(self._shared, "")], shared=True)
        self.may_walk: Callable[[Unit], bool] = lambda unit: True

    def add(self, units: Iterable[Unit]) -> None:
        """Take these units into the graph and walk them, shared ones first.

        Between two elements, the one that holds a container through an attribute of the framework
        owns it: so all units are walked over those attributes before any other. Where none does, the
        policy says which of them had it first; if none had, it is the unit's that stands for several.
        """
        new = sorted(units, key=lambda unit: not unit.shared)
        for unit in new:
            for root, _ in unit.roots:
                self.registry.roots[id(root)] = unit
        with self.registry.meeting_classes() as take_met:
            met = [unit for unit in new if self._turn(unit) == 0]
            while met:
                self.units += met
                self._walk_all(met)
                met = take_met()
        others = [unit for unit in new if self._turn(unit)]
        self.units += others
        self._walk(others)
        outranked = self.registry.take_outranked()
        if outranked:
            self._walk_anew(outranked | set(new))
        self._settle()

    def _settle(self) -> None:
        """Give what several elements hold to the one that had it first, or to `common`."""
        inside: dict[int, object] = {}
        for _ in range(_ROUNDS):
            contested = {**inside, **self.registry.take_contested()}
            contested = {key: obj for key, obj in contested.items() if self._is_new(key)}
            # A container that changes hands takes along what it holds, and then that is another question.
            inside = {key: contested.pop(key) for key in self._inside(contested)}
            places = self._places_of(contested)
            moved: set[Unit] = set()
            for key, obj in contested.items():
                moved |= self._decide(key, obj, places.get(key))
            if moved:
                self._walk_anew({unit for unit in moved if self.may_walk(unit)})
            elif not inside:
                return

    def _inside(self, contested: dict[int, object]) -> set[int]:
        """Those of the contested containers that their owner reaches through another one of them."""
        found = set()
        for unit in {self.registry.owner[key] for key in contested}:
            for cell in unit.cells:
                if id(cell.subject) in contested and any(id(each.subject) in contested for each in _around(cell)):
                    found.add(id(cell.subject))
        return found

    def _parties_to(self, key: int) -> set[Unit]:
        return {self.registry.owner[key], *self.registry.holders.get(key, ())}

    def _is_new(self, key: int) -> bool:
        """Whether elements hold this of which it was not decided among these whose it is."""
        owner = self.registry.owner.get(key)
        return owner is not None and not owner.shared and not self._parties_to(key) <= self._parties.get(key, set())

    def _places_of(self, contested: dict[int, object]) -> Mapping[int, Holder]:
        """Where some of these objects are held that no walk went into, by id."""
        passed = self.registry.passed
        known = {key: passed[key] for key in contested if key in passed}
        unknown = {key: obj for key, obj in contested.items() if key not in known}
        return {**known, **(self._policy.places_outside(unknown) if unknown else {})}

    def _decide(self, key: int, obj: object, place: Holder | None) -> set[Unit]:
        """Find the owner of a contested container; returns the units that it makes a difference to."""
        parties = self._parties[key] = self._parties_to(key)
        best = (None if place else self._policy.owner_among(obj, parties)) or self.common
        self.registry.decide(key, obj, best)
        if best is self.registry.owner[key]:
            return set()
        if best is self.common:
            self._share(key, obj, place)
        return {best, *parties}

    def _share(self, key: int, obj: object, place: Holder | None) -> None:
        if place is not None:
            self._places[key] = place
        if self.common not in self.units:
            self.units.append(self.common)
            self.registry.roots[id(self._shared)] = self.common
        self._shared.append(obj)

    def _walk(self, units: list[Unit]) -> None:
        for turn in range(3):
            self._walk_all([unit for unit in units if self._turn(unit) == turn])

    def _walk_all(self, units: list[Unit]) -> None:
        walks = [Walk(self.registry, unit) for unit in units]
        for walk in walks:
            walk.core()
        for walk in walks:
            walk.rest()
        for walk in walks:
            walk.held()

    def _turn(self, unit: Unit) -> int:
        """When a unit is walked: what a shared unit holds too is not the elements' in common."""
        return 2 if not unit.shared else int(unit is self.common)

    def unit_of(self, root: object) -> Unit | None:
        """The unit that has `root` among its roots."""
        return self.registry.roots.get(id(root))

    def holders(self, cell: Cell) -> list[Holder]:
        """Which other units hold the container too, or one around it, by name."""
        found: list[Holder] = []
        for each in (cell, *_around(cell)):
            units = self.registry.holders.get(id(each.subject), ())
            found += (Holder(unit, alias) for unit in units for alias in unit.aliases if alias.obj is each.subject)
        return sorted(found, key=str)

    def place(self, cell: Cell) -> Holder | None:
        """Where what `cell` of `common` is, or is in, stands outside of all units, if that is known."""
        keys = (id(each.subject) for each in (cell, *_around(cell)))
        return next((self._places[key] for key in keys if key in self._places), None)

    def changed(self) -> list[ChangedCell]:
        """Every cell of every unit that differs from its shadow."""
        found: list[ChangedCell] = []
        for unit in self.units:
            if not unit.unchanged():
                found += changed_cells(unit)
        return found

    def accept(self, changed: Iterable[ChangedCell]) -> None:
        """Let the present state of the changed units be the one to compare with from now on.

        Replaced containers are walked anew, and so are units that shared a container with one of these:
        whatever else changed in those is accepted with it.
        """
        cells: dict[Unit, list[ChangedCell]] = {}
        for cell in changed:
            cells.setdefault(cell.unit, []).append(cell)
        self._walk_anew({unit for unit, changes in cells.items() if not self._taken(unit, changes)})

    def take_over(self, unit: Unit) -> None:
        """Accept whatever changed in `unit`."""
        changes = changed_cells(unit)
        if not changes:
            return
        if all(map(_only_atoms, changes)):
            unit.take_shadows(unit.groups)
        elif all(map(_only_new, changes)):
            self._extend(unit, changes)
        else:
            self._walk_anew({unit})

    def _taken(self, unit: Unit, changes: list[ChangedCell]) -> bool:
        """Take the changes of `unit` over without walking all of it, where that is enough."""
        return _retaken(unit, changes) or self._extended(unit, changes)

    def _extended(self, unit: Unit, changes: list[ChangedCell]) -> bool:
        """Walk only what is new, where nothing was there before that could be gone now."""
        given = {id(changed.cell) for changed in changes}
        beside = any(id(changed.cell) not in given for changed in changed_cells(unit))
        if beside or not all(map(_only_new, changes)):
            return False
        self._extend(unit, changes)
        return True

    def _extend(self, unit: Unit, changes: list[ChangedCell]) -> None:
        walk = Walk(self.registry, unit)
        for changed in changes:
            for change in changed.changes:
                walk.add(changed.cell, change.name, change.after)
        walk.extend({changed.cell.kind for changed in changes})
        if self.registry.take_outranked():
            self._walk_anew({unit})  # which finds them again

    def _walk_anew(self, units: set[Unit]) -> None:
        more = units
        while more:
            units = units | more
            more = {unit for unit in self._rewalk(units) - units if self.may_walk(unit)}

    def _rewalk(self, units: set[Unit]) -> set[Unit]:
        """Walk these units anew; returns those to walk with them.

        They held what no unit owns any more, or own what one of these has a better claim to.
        """
        dropped = [cell.subject for unit in units for cell in unit.cells]
        for unit in units:
            self.registry.forget(unit)
        self._walk([unit for unit in self.units if unit in units])
        return self.registry.holders_of_orphans(dropped) | self.registry.take_outranked()

    def refresh(self) -> None:
        """Accept whatever changed since the last look: what the main thread did between two jobs."""
        self.accept(self.changed())

    def undo(self, changed: list[ChangedCell]) -> list[ChangedCell]:
        """Put back what these cells held; returns those that still differ, which are then accepted."""
        failed = {id(cell) for cell in undo(changed)}
        # A probe's earlier value can be one that nobody makes again (an identity); that it took
        # the value back is all there is to know.
        stuck = [cell for cell in changed if id(cell) in failed or (cell.cell.kind is not PROBE and differs(cell))]
        for unit in {cell.unit for cell in changed}:
            self.take_over(unit)
        return stuck

    def cell_count(self, beside: Collection[Unit] = ()) -> int:
        """The number of cells of all units but those `beside`."""
        return sum(len(group.cells) for unit in self.units if unit not in beside for group in unit.groups)

    def opaque(self) -> Counter[str]:
        """How many objects of each type nothing can see into."""
        total: Counter[str] = Counter()
        for unit in self.units:
            total.update(opaque.type_name for opaque in unit.opaque)
        return total


def _around(cell: Cell) -> Iterator[Cell]:
    """The cells of other objects on the way to `cell`, the nearest first."""
    here = cell
    while here.parent is not None:
        here = here.parent
        if here.subject is not cell.subject:
            yield here


def _retaken(unit: Unit, changes: list[ChangedCell]) -> bool:
    """Take the shadows of these cells anew where that is enough: the unit's cells and their paths are as before."""
    return all(map(_only_atoms, changes)) and unit.retake([changed.cell for changed in changes])


def _only_atoms(cell: ChangedCell) -> bool:
    """Whether nothing was, is, or has moved to where it is reached through what changed."""
    if cell.cell.kind.shape is INDEXED and any(change.change != SET for change in cell.changes):
        return False
    return all(_is_atom(change.before) and _is_atom(change.after) and _is_atom(change.name) for change in cell.changes)


def _only_new(cell: ChangedCell) -> bool:
    """Whether the changes replaced or removed nothing that can lead to a cell."""
    named = cell.cell.kind.shape is NAMED
    return named and all(change.before is ABSENT or _is_atom_under_atom(change) for change in cell.changes)


def _is_atom_under_atom(change: EntryChange) -> bool:
    return _is_atom(change.before) and _is_atom(change.name)


def _is_atom(value: object) -> bool:
    """Whether no cell lies below `value`."""
    if type(value) is tuple or type(value) is Inside:
        return all(map(_is_atom, value))
    return value is ABSENT or identity(type(value)) in ATOMIC_IDS
