"""A unit: something that owns state, the cells that hold it, and their shadows."""

from __future__ import annotations

import types
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

from enforcer.graph.kinds import CLASS_FIELDS, Contents, Kind, Probe
from enforcer.graph.quick import QuickPass
from enforcer.graph.values import full_class_name


@dataclass(eq=False, repr=False, slots=True)
class Cell:
    """One mutable container: how it is read, and the way that led to it (`parent` is None for a root).

    `via` is the rest of the way where the entry `name` of `parent` only leads to the container: `[0]` through
    a tuple, `.__self__` through a bound method.
    """

    kind: Kind
    obj: Any
    parent: Cell | None
    name: Any
    via: str = ""

    def __repr__(self) -> str:
        return f"<Cell {self.path()}>"

    @property
    def subject(self) -> Any:
        """The object whose state this is."""
        return self.obj.subject if type(self.obj) is Probe else self.obj

    def path(self) -> str:
        """The way from the unit's root to this container, in raw steps: `._Element__environment`."""
        steps = []
        cell = self
        while cell.parent is not None:
            steps.append(cell.parent.kind.step(cell.parent.obj, cell.name) + cell.via)
            cell = cell.parent
        return (cell.name or "") + "".join(reversed(steps))


def first_step(cell: Cell, name: Any) -> tuple[Cell, Any]:
    """The root, and the entry of it, that the way to the entry `name` of `cell` begins with."""
    while cell.parent is not None:
        cell, name = cell.parent, cell.name
    return cell, name


class CellGroup:
    """All cells of one kind in one unit, with one flat shadow: a shallow copy of all their contents."""

    __slots__ = ("cells", "flat", "kind", "objects", "sizes")

    def __init__(self, kind: Kind, cells: list[Cell]) -> None:
        self.kind = kind
        self.cells = cells
        self.objects = [cell.obj for cell in cells]
        self.take_shadow()

    def take_shadow(self) -> None:
        """Take the shadow anew."""
        self.flat = list(self.kind.flow(self.objects))
        self.sizes = self.kind.sizes(self.objects)

    def unchanged(self) -> bool:
        """Whether every cell holds exactly the objects of the shadow."""
        return self.kind.unchanged(self.objects, self.flat, self.sizes)

    def unchanged_beside(self, cells: Container[int]) -> bool:
        """Whether every cell holds exactly the objects of the shadow, but for those with an id in `cells`."""
        for cell, before in self.shadows():
            if id(cell) not in cells:
                now = self.kind.contents(cell.obj)
                if len(now) != len(before) or not all(map(is_, chain(*now), chain(*before))):
                    return False
        return True

    def shadows(self) -> Iterator[tuple[Cell, Contents]]:
        """Each cell with the contents that it had when the shadow was taken."""
        start = 0
        for cell, size in zip(self.cells, self.sizes, strict=True):
            yield cell, self.kind.cut(self.flat, start, size)
            start += size


@dataclass(eq=False, slots=True)
class Alias:
    """Another unit's container that this unit holds too, and where."""

    obj: Any
    parent: Cell
    name: Any
    via: str = ""

    def path(self) -> str:
        """The way from the unit's root to the shared container."""
        return self.parent.path() + self.parent.kind.step(self.parent.obj, self.name) + self.via


class Holder(NamedTuple):
    """A unit that holds a container of another one, and where; as text: `app.bst env`."""

    unit: Unit
    alias: Alias

    def __str__(self) -> str:
        return f"{self.unit.name} {self.alias.path().lstrip('.')}"


class Opaque(NamedTuple):
    """An object that nothing can see into, and where the unit holds it.

    Attributes:
        of_framework: whether the way there begins with an attribute that the framework keeps.
    """

    cell: Cell
    of_framework: bool

    @property
    def type_name(self) -> str:
        """The full name of its class."""
        return full_class_name(type(self.cell.obj))


class Unit:
    """What can own state: an element with its sources, a project, a class, a module, the process, …

    Args:
        kind: the owner kind that findings show.
        name: the owner name that findings show.
        roots: the objects to walk from, each with the label that its paths start with.
        shared: shared units are walked first, and win what they and an element both hold.
        fixed: cells that no walk finds: probes, and containers behind an interface.

    Attributes:
        opaque: what it holds that nothing can see into.
        taken: how often the shadows were taken.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        roots: Iterable[tuple[Any, str]],
        *,
        shared: bool = False,
        fixed: Iterable[Cell] = (),
    ) -> None:
        self.kind = kind
        self.name = name
        self.roots = list(roots)
        self.shared = shared
        self.fixed = tuple(fixed)
        self.groups: list[CellGroup] = []
        self.aliases: list[Alias] = []
        self.opaque: list[Opaque] = []
        self.taken = 0
        self._alone = CompareTogether([self])

    def __repr__(self) -> str:
        return f"<Unit {self.kind} {self.name}>"

    @property
    def cells(self) -> Iterator[Cell]:
        """Every cell of the unit."""
        for group in self.groups:
            yield from group.cells

    def fill(self, cells: Iterable[Cell]) -> None:
        """Take these cells as the unit's, and their present contents as the shadow."""
        self.groups = []
        self.extend(cells, ())

    def extend(self, cells: Iterable[Cell], changed: Iterable[Kind]) -> None:
        """Take these cells too, and the shadows of all cells of the `changed` kinds anew."""
        groups = {group.kind: group for group in self.groups}
        by_kind: dict[Kind, list[Cell]] = {kind: [] for kind in changed}
        for cell in cells:
            by_kind.setdefault(cell.kind, []).append(cell)
        for kind, new in by_kind.items():
            old = groups[kind].cells if kind in groups else []
            groups[kind] = CellGroup(kind, old + new)
        self.groups = list(groups.values())
        self.taken += 1

    def retake(self, cells: Iterable[Cell]) -> bool:
        """Take the shadows of `cells` anew; their contents must lead to no other cells than before.

        False, and nothing was done, where other cells beside them changed too.
        """
        wanted = set(map(id, cells))
        groups = [group for group in self.groups if any(id(cell) in wanted for cell in group.cells)]
        if not all(group.unchanged_beside(wanted) for group in groups):
            return False
        self.take_shadows(groups)
        return True

    def take_shadows(self, groups: Iterable[CellGroup]) -> None:
        """Take the shadows of these groups anew."""
        for group in groups:
            group.take_shadow()
        self.taken += 1

    def unchanged(self) -> bool:
        """Whether every cell holds exactly the objects of its shadow."""
        return self._alone.unchanged()

    def get_ready(self) -> bool:
        """As `unchanged`, and the next compares are fast."""
        return self._alone.get_ready()


_READY_AT = 4
"""The compare of one and the same shadow at which a faster way is made ready: it costs as much as a few of them."""


class CompareTogether:
    """Units that are compared as one."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = units
        self._quick: QuickPass | None = None
        self._taken: list[int] = []
        self._compares = 0

    def unchanged(self) -> bool:
        """Whether every cell of the units holds exactly the objects of its shadow.

        The first few compares after a shadow was taken are slower, and the last of these gets ready for the next ones.
        """
        taken = [unit.taken for unit in self._units]
        if self._taken != taken:
            self._taken, self._quick, self._compares = taken, None, 0
        if self._quick is not None and self._quick.unchanged():
            return True
        # It can be wrong about a change; the slower way can't.
        self._quick = None
        self._compares += 1
        if self._compares % _READY_AT:
            return all(group.unchanged() for group in self._groups())
        return self.get_ready()

    def get_ready(self) -> bool:
        """As `unchanged`, and the next compares are fast."""
        groups = self._groups()
        # In this order, so that it cannot take what a thread writes meanwhile for the state of the shadows.
        quick = QuickPass((group.kind, group.objects) for group in groups)
        if not all(group.unchanged() for group in groups):
            return False
        self._quick, self._taken = quick, [unit.taken for unit in self._units]
        return True

    def _groups(self) -> list[CellGroup]:
        return [group for unit in self._units for group in unit.groups]


class CompareMostOf:
    """One unit, compared without what hardly anybody replaces.

    That is what functions are made of (their code, defaults and attributes), and the names and bases of classes.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._quick: QuickPass | None = None
        self._taken = -1

    def unchanged(self) -> bool:
        """Whether every other cell holds exactly the objects of its shadow."""
        if self._quick is not None and self._taken == self._unit.taken and self._quick.unchanged():
            return True
        groups = self._unit.groups
        quick = QuickPass(
            (group.kind, _no_functions(group.objects)) for group in groups if group.kind is not CLASS_FIELDS
        )
        if not all(group.unchanged() for group in groups):
            return False
        self._quick, self._taken = quick, self._unit.taken
        return True


def _no_functions(objects: list[Any]) -> list[Any]:
    return [obj for obj in objects if type(obj) is not types.FunctionType]
