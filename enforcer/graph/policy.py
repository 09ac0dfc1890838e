"""What the graph package asks of its user about objects that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from enforcer.graph.kinds import Probe
    from enforcer.graph.unit import Holder, Unit


class Policy(Protocol):
    """Answers about types and objects; each is asked once a type (cached) unless it says otherwise."""

    def is_border(self, cls: type) -> bool:
        """Whether objects of `cls` end the walk without counting as opaque (another world: a scheduler, a mock)."""

    def is_leaf(self, cls: type) -> bool:
        """Whether objects of `cls` are immutable, with nothing below that belongs to a unit."""

    def wrapped(self, cls: type) -> type | None:
        """`dict` or `list` where an object of the extension type `cls` is one such container in a wrapper, and
        nothing else: `gc.get_referents` of it gives just that container.
        """

    def probe(self, cls: type) -> Callable[[object], Probe] | None:
        """For a type that can only be asked for its state as a whole: what makes the probe of an object."""

    def foreign_root(self, obj: object) -> Unit | None:
        """The unit whose root `obj` is, although it was not listed as one (asked for each object of a class that is not
        Python's own).
        """

    def is_state(self, cls: type) -> bool:
        """Whether the attributes of class `cls`, which a walk has met, are state of whoever holds it (cached)."""

    def unit_of_class(self, cls: type, holder: Unit) -> Unit | None:
        """The shared unit that such a class becomes a root of, met while walking the shared unit `holder`.

        None where it belongs to that.
        """

    def descends(self, unit: Unit, obj: object) -> bool:
        """Whether an instance or function `obj`, met while walking `unit`, belongs to it (asked per object)."""

    def places_outside(self, objects: Mapping[int, object]) -> dict[int, Holder]:
        """Which of these objects, given by id, are held by what is in no unit, and where."""

    def belongs_to_core(self, owner: object, name: str) -> bool:
        """Whether attribute `name` of `owner` is one that the framework itself keeps: it wins ownership."""

    def owner_among(self, obj: object, holders: Collection[Unit]) -> Unit | None:
        """Which of the units that hold container `obj`, none of them through an attribute of the framework, had it
        first; None where they have it from somewhere else (asked per container).
        """

    def skipped_names(self, obj: object) -> Iterable[str]:
        """Attributes of the root `obj` that are no state of a unit."""

    def is_plugin(self, module: str) -> bool:
        """Whether code in the module of this name must not run while we look."""

    def is_library(self, module: str) -> bool:
        """Whether the module of this name is nobody's whose state is looked at: Python's, or another package's."""


class Wire(Protocol):
    """How objects travel between processes that pickle does not know, or must not follow."""

    def is_local(self, obj: object, name: object) -> bool:
        """Whether attribute `name` of `obj` is each process's own and never sent."""

    def name_of(self, obj: object) -> tuple[Any, ...] | None:
        """A name that every process understands, for an object that has one by itself."""

    def find(self, name: Any) -> Any:
        """The object of a name that `name_of` gave; raises `KeyError` for any other."""

    def reduce(self, obj: object) -> Any:
        """As `pickle.Pickler.reducer_override`; raises `pickle.PicklingError` for what must not be sent."""
