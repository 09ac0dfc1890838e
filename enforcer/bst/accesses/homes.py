"""Whose attribute it is that somebody accesses, and what it is called in a report."""

from __future__ import annotations

import functools
import sys
import types
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from buildstream._artifact import Artifact
from buildstream._elementsources import ElementSources
from buildstream.plugin import Plugin

from enforcer.bst.elements import names
from enforcer.bst.elements.core_code import CORE
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.graph.compare import EntryChange
from enforcer.graph.unit import Alias, Unit, first_step
from enforcer.graph.values import class_dict, class_with_member, is_class, vars_of

_PARTS: dict[type, tuple[str, str]] = {
    Artifact: ("_element", "_Element__artifact"),
    ElementSources: ("_plugin", "_Element__sources"),
}
"""What an element holds, also where it is newer than the walk: the attribute that leads back, and the one to it."""

_NO_STATE = (
    *(types.FunctionType, types.MethodType, types.BuiltinFunctionType, property, classmethod, staticmethod),
    *(types.GetSetDescriptorType, types.WrapperDescriptorType, types.MethodDescriptorType, functools.cached_property),
)
"""Members of a class that are no state."""

_CODE = (types.FunctionType, types.ModuleType, type)
"""Globals that are no state, though somebody may put others in their place: then a compare shows it."""


class Home(NamedTuple):
    """Whose the attributes of an object are, and how the way to them begins."""

    unit: Unit
    prefix: str


class Attribute(NamedTuple):
    """One attribute: the owner kind and name of its unit, and the way to it as findings have it."""

    kind: str
    unit: str
    path: str


class Homes:
    """Tells them for the graph of one run."""

    def __init__(self, run_graph: RunGraph) -> None:
        self._run_graph = run_graph
        self._registry = run_graph.graph.registry
        # Of the roots, which live as long as this does.
        self._roots: dict[int, Home] = {}
        self._members: dict[tuple[int, str], tuple[type, Attribute | None]] = {}
        self._attributes: dict[tuple[str, str, str, str], Attribute] = {}
        self._leading: dict[Unit, tuple[int, dict[tuple[int, str], list[Attribute]]]] = {}

    def of(self, obj: Any) -> Home | None:
        """Whose attributes those of `obj` are; None where it is in no unit."""
        unit = self._registry.roots.get(id(obj))
        if unit is None:
            return self._of_part(obj)
        home = self._roots.get(id(obj))
        if home is None or home.unit is not unit:
            label = next(label for root, label in unit.roots if root is obj)
            home = self._roots[id(obj)] = Home(unit, f"{label}." if label else "")
        return home

    def _of_part(self, obj: Any) -> Home | None:
        attributes = vars_of(obj)
        if type(obj) in _PARTS:
            back, name = _PARTS[type(obj)]
            unit = self._registry.roots.get(id(attributes.get(back)))
            return None if unit is None else Home(unit, f"{name}.")
        # The copy of a source that fetches by way of an alias has the number of the one that is in the graph.
        original = Plugin._Plugin__TABLE.get(attributes.get("_unique_id"))
        if original is not None:
            return None if original is obj else self.of(original)
        unit = self._registry.owner.get(id(obj))
        return None if unit is None else Home(unit, f"{_way_to(obj, unit).lstrip('.')}.")

    def attribute(self, home: Home, name: str) -> Attribute:
        """The attribute `name` of an object with this home."""
        key = (home.unit.kind, home.unit.name, home.prefix, name)
        if key not in self._attributes:
            path = names.public_path(f".{home.prefix}{name}")
            self._attributes[key] = Attribute(home.unit.kind, home.unit.name, path)
        return self._attributes[key]

    def is_of_object(self, obj: Any, name: str) -> bool:
        """Whether `name` is an attribute of the object itself, or can only be one, which is absent."""
        if name in vars_of(obj):
            return True
        owner, value = _member(type(obj), name)
        if owner is None:
            return not (name.startswith("__") and name.endswith("__"))
        return type(value) is types.MemberDescriptorType or name == "__dict__"

    def of_class(self, cls: type, name: str) -> Attribute | None:
        """The attribute of a plugin's class that `name` leads to in its objects; None if it is a method, or core's."""
        key = (id(cls), name)
        if key not in self._members:
            owner, value = _member(cls, name)
            unit = self._registry.roots.get(id(owner))
            state = unit is not None and unit.name != CORE and not issubclass(type(value), _NO_STATE)
            self._members[key] = cls, Attribute("class", unit.name, name) if state and unit is not None else None
        return self._members[key][1]

    def of_module(self, shared: dict[str, Any], name: str) -> Attribute | None:
        """The global of this name of the plugin's module that has these; None where it is code, or a builtin."""
        module = sys.modules.get(shared.get("__name__", ""))
        unit = self._registry.roots.get(id(module))
        if unit is None or unit.name == CORE or type(shared.get(name)) in _CODE or name not in shared:
            return None
        return Attribute("module", unit.name, name)

    def of_holder(self, holder: Any, name: str) -> Attribute | None:
        """What code means by `name` of a class or module of plugins; None where it is code, or they have it not."""
        if type(holder) is types.ModuleType:
            return self.of_module(vars_of(holder), name)
        return self.of_class(holder, name) if is_class(holder) else None

    def led_to(self, home: Home, obj: Any, name: str) -> Iterable[Attribute]:
        """Where the containers belong that the attribute leads to, if they are other units'."""
        unit = home.unit
        known = self._leading.get(unit)
        if known is None or known[0] != unit.taken:
            found = defaultdict(list)
            for alias in unit.aliases:
                if (attribute := self._held(alias)) is not None:
                    root, entry = first_step(alias.parent, alias.name)
                    found[id(root.subject), str(entry)].append(attribute)
            known = self._leading[unit] = (unit.taken, found)
        return known[1].get((id(obj), name), ())

    def _held(self, alias: Alias) -> Attribute | None:
        owner = self._registry.owner.get(id(alias.obj))
        if owner is None or owner.name == CORE:
            return None
        return Attribute(owner.kind, owner.name, names.public_path(_way_to(alias.obj, owner)))

    def changed(self, change: EntryChange) -> Attribute:
        """The attribute of an object, class or module by which one comes to a changed entry."""
        owner = self._run_graph.owner(change.unit, change.cell)
        name = change.unit.name if owner.kind == "source" else owner.name
        kind = "element" if owner.kind == "source" else owner.kind
        return Attribute(kind, name, names.public_path(_outermost(change)))


def _member(cls: type, name: str) -> tuple[type | None, Any]:
    """The class that has this member, of `cls` and those that it is made of, and its value."""
    owner = class_with_member(cls, name)
    return owner, None if owner is None else class_dict(owner)[name]


def _way_to(obj: Any, unit: Unit) -> str:
    return next((cell.path() for cell in unit.cells if cell.subject is obj), "")


def _outermost(change: EntryChange) -> str:
    """The way to a changed entry, up to the first attribute on it."""
    path, cell = change.raw_path(), change.cell
    while cell.parent is not None:
        path, cell = cell.path(), cell.parent
    return path
