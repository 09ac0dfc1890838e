"""A policy for tests: everything belongs to the unit that reaches it, attributes named `core_…` to the framework."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from enforcer.graph.kinds import Probe
from enforcer.graph.unit import Holder, Unit


class Border:
    """Objects of this class end the walk."""


class Leaf:
    """Objects of this class are taken for immutable."""


class Held:
    """Classes that derive from this one are state of whoever holds them, but for those that are here by their names."""


class HeldToo:
    """Another base of such classes."""


class Stranger:
    """Objects of this class belong to nobody who meets them."""


class OpenPolicy:
    def __init__(
        self,
        probes: dict[type, Callable[[Any], Probe]] | None = None,
        proxies: dict[int, Unit] | None = None,
        class_units: Callable[[type], Unit] | None = None,
        owner_among: Callable[[object, Collection[Unit]], Unit | None] | None = None,
    ) -> None:
        self._owner_among = owner_among
        self.probes = probes or {}
        self.proxies = proxies or {}
        self.class_units = class_units

    def is_border(self, cls: type) -> bool:
        return issubclass(cls, Border)

    def is_leaf(self, cls: type) -> bool:
        return issubclass(cls, Leaf)

    def wrapped(self, cls: type) -> type | None:
        return None

    def probe(self, cls: type) -> Callable[[object], Probe] | None:
        return next((probe for known, probe in self.probes.items() if cls is known), None)

    def foreign_root(self, obj: object) -> Unit | None:
        return self.proxies.get(id(obj))

    def is_state(self, cls: type) -> bool:
        return issubclass(cls, (Held, HeldToo)) and cls is not Held and cls is not HeldToo

    def unit_of_class(self, cls: type, holder: Unit) -> Unit | None:
        return self.class_units(cls) if self.class_units else None

    def descends(self, unit: Unit, obj: object) -> bool:
        return type(obj) is not Stranger

    def belongs_to_core(self, owner: object, name: str) -> bool:
        return name.startswith("core_")

    def places_outside(self, objects: Mapping[int, object]) -> dict[int, Holder]:
        return {}

    def owner_among(self, obj: object, holders: Collection[Unit]) -> Unit | None:
        if self._owner_among is not None:
            return self._owner_among(obj, holders)
        return min(holders, key=lambda unit: unit.name)

    def skipped_names(self, obj: object) -> Iterable[str]:
        return ("skipped",)

    def is_plugin(self, module: str) -> bool:
        return module.startswith("tests.")

    def is_library(self, module: str) -> bool:
        return not module.startswith("tests.")
