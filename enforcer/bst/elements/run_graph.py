"""The units of one scheduler run, as they are when it starts."""

from __future__ import annotations

import functools
import gc
import sys
import types
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from buildstream.element import Element
from buildstream.plugin import Plugin
from buildstream.source import Source

from enforcer.bst.elements import names
from enforcer.bst.elements.acquired import acquired_in
from enforcer.bst.elements.core_code import is_core, is_file_of_buildstream
from enforcer.bst.elements.file_names import FileNames
from enforcer.bst.elements.library_globals import library_places
from enforcer.bst.elements.ownership import owner_among
from enforcer.bst.elements.parts import dependencies_first, element_unit
from enforcer.bst.elements.process import process_unit
from enforcer.bst.elements.walk_policy import BstPolicy
from enforcer.graph.graph import Graph
from enforcer.graph.kinds import INSTANCE, SLOTS, TYPE
from enforcer.graph.unit import Alias, Cell, Holder, Unit
from enforcer.graph.values import class_dict, class_mro, file_of, is_class, is_compiled, module_of, vars_of
from enforcer.results.findings import Owner

_UNHOOKED = ("class", "module", "process")
"""The kinds of units of which no attribute access is seen."""

CORE = "buildstream"
"""The name of the units of BuildStream's own modules and classes."""


@contextmanager
def _no_collection() -> Iterator[None]:
    """Make many objects, none of which is garbage, without the collector going through all of them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # Straight into the oldest generation, or the next collection would go through them after all.
            gc.freeze()
            gc.unfreeze()
        if enabled:
            gc.enable()


class RunGraph:
    """Elements, projects, context, classes, modules and process of one run, with their owners' names.

    Attributes:
        plugin_files: the files of plugins, and of what stands beside them and is imported by them.
        third_party_files: those of them that do not come with BuildStream; `third_party_modules` are in them.
        evading: the elements' units that plugin code can change past the hooks on attribute access.
    """

    def __init__(self, context: Any) -> None:
        self.context = context
        self.elements = [plugin for plugin in _plugins_of(context) if issubclass(type(plugin), Element)]
        self.plugins = plugins = list(_plugins_of(context))
        self.plugin_modules = _plugin_modules([type(plugin) for plugin in plugins])
        self._plugin_module_names = {module.__name__ for module in self.plugin_modules}
        self.plugin_files = {file for module in self.plugin_modules if (file := file_of(module)) is not None}
        self.third_party_files = {file for file in self.plugin_files if not is_file_of_buildstream(file)}
        self.third_party_modules = [m for m in self.plugin_modules if file_of(m) in self.third_party_files]
        self._third_party_names = {module.__name__ for module in self.third_party_modules}
        self.file_names = FileNames(context.get_projects(), Path.cwd())
        self._modules: dict[tuple[int, ...], tuple[str, ...]] = {}
        acquired = acquired_in(context)
        if acquired.error is not None:
            raise acquired.error
        self.policy = BstPolicy(
            self.unit_of,
            self.is_plugin_module,
            owner_among=functools.partial(owner_among, acquired),
            places_outside=lambda objects: library_places(objects, self.graph.registry, self.is_plugin_module),
        )
        self.graph = Graph(self.policy)
        with _no_collection():
            self.graph.add(self._units(plugins))
        self.evading = evading_units(self.graph)

    def _units(self, plugins: list[Any]) -> Iterator[Unit]:
        yield process_unit()
        core = [module for name, module in _loaded_modules() if _is_core_module(name, module)]
        yield Unit("module", CORE, [(module, "") for module in core], shared=True)
        yield Unit("class", CORE, [(cls, "") for cls in _classes_of(core)], shared=True)
        for module in self.plugin_modules:
            yield Unit("module", names.module_name(module.__name__), [(module, "")], shared=True)
            for cls in _classes_of([module]):
                yield Unit("class", names.shown_class_name(cls), [(cls, "")], shared=True)
        for project in self.context.get_projects():
            mirrors = [(plugin, names.mirror_name(plugin)) for plugin in plugins if _is_mirror(plugin, project)]
            yield Unit("project", project.name, [(project, ""), *mirrors], shared=True)
        yield Unit("context", "context", [(self.context, ""), (self.context.messenger, "messenger")], shared=True)
        yield self.graph.common
        # What is found, and named first, does not depend on the order in which they were loaded.
        for element in dependencies_first(self.elements):
            yield element_unit(element)

    def unit_of(self, element: Any) -> Unit:
        """The unit of an element; one that was made after the run began is added now."""
        unit = self.graph.unit_of(element)
        if unit is None:
            unit = element_unit(element)
            self.graph.add([unit])
        return unit

    def is_plugin_module(self, name: str) -> bool:
        """Whether the module is a plugin's, or one beside it that plugins import."""
        return name in self._plugin_module_names

    def modules_of(self, unit: Unit) -> tuple[str, ...]:
        """The names of the modules that define the plugins of an element's unit, and the mirrors of its project."""
        project = self.graph.unit_of(vars_of(unit.roots[0][0]).get("_Plugin__project"))
        mirrors = [] if project is None else project.roots[1:]
        classes = [type(plugin) for plugin, _ in (*unit.roots, *mirrors)]
        # By the classes' ids: hashing a class runs its metaclass's `__hash__`.
        key = tuple(map(id, classes))
        if key not in self._modules:
            found = {module_of(base) for cls in classes for base in class_mro(cls)}
            self._modules[key] = tuple(sorted(filter(self.is_plugin_module, found)))
        return self._modules[key]

    def held_by(self, unit: Unit) -> set[Unit]:
        """The units of which an element, by its own attributes, holds state that no attribute access shows."""
        owner, common = self.graph.registry.owner, self.graph.common
        held = [(alias, owner.get(id(alias.obj))) for alias in unit.aliases]
        found = {
            other
            for alias, other in held
            if other is not None and (other is common or not other.shared or not self._is_core(alias))
        }
        return found | {other for value in self._own_values(unit) if (other := self._shared_root(value))}

    def _is_core(self, alias: Alias) -> bool:
        """Whether the way begins with an attribute that BuildStream keeps."""
        name, cell = alias.name, alias.parent
        while cell.parent is not None:
            name, cell = cell.name, cell.parent
        return type(name) is str and self.policy.belongs_to_core(cell.obj, name)

    def _own_values(self, unit: Unit) -> Iterator[Any]:
        """What plugins keep as attributes of an element and its sources."""
        for root, _ in unit.roots:
            for name, value in vars_of(root).items():
                if not self.policy.belongs_to_core(root, name):
                    yield value

    def _shared_root(self, value: Any) -> Unit | None:
        """The unit that a class, a module of plugins or a list of the process is a root of."""
        unit = self.graph.registry.roots.get(id(value))
        return unit if unit is not None and unit.kind in _UNHOOKED and unit.name != CORE else None

    def opaque_in_plugins(self) -> Counter[str]:
        """What of each type nothing can see into, in state that others than BuildStream have made."""
        found: Counter[str] = Counter()
        for unit in self.graph.units:
            if self._has_others_code(unit):
                found += unit.opaque - unit.opaque_of_framework
        return found

    def _has_others_code(self, unit: Unit) -> bool:
        """Whether a unit is, or is of, plugins or modules that do not come with BuildStream."""
        root = unit.roots[0][0]
        if unit.kind == "module":
            return root.__name__ in self._third_party_names
        if unit.kind == "class":
            return module_of(root) in self._third_party_names
        if unit.kind == "element":
            return not self._third_party_names.isdisjoint(self.modules_of(unit))
        return unit.kind == "project"

    def owner(self, unit: Unit, cell: Cell) -> Owner:
        """Whose state a cell of `unit` is, as a message names it."""
        root = root_of(cell)
        if unit is self.graph.common:
            first = self.graph.place(root) or next(iter(self.graph.holders(cell)), None)
            return Owner("element", unit.name) if first is None else self.owner_at(first)
        if unit.kind == "element" and root.name:
            return Owner("source", unit.name)
        if unit.name == CORE and unit.kind == "module":
            return Owner("module", str(root.obj.__name__))
        if unit.name == CORE and unit.kind == "class":
            return Owner("class", names.shown_class_name(root.obj))
        return Owner(unit.kind, unit.name)

    def owner_at(self, holder: Holder) -> Owner:
        """Whose the place is where a container of another unit is held."""
        return self.owner(holder.unit, holder.alias.parent)


def root_of(cell: Cell) -> Cell:
    """The root cell that the way to `cell` starts from."""
    while cell.parent is not None:
        cell = cell.parent
    return cell


def _plugins_of(context: Any) -> Iterator[Any]:
    """All live plugin objects of this context, in the order in which they were made."""
    table = Plugin._Plugin__TABLE
    for _, plugin in sorted(table.items()):
        if vars_of(plugin).get("_Plugin__context") is context:
            yield plugin


def _is_mirror(plugin: Any, project: Any) -> bool:
    return not issubclass(type(plugin), (Element, Source)) and vars_of(plugin).get("_Plugin__project") is project


def _is_core_module(name: str, module: Any) -> bool:
    return is_core(name) and type(module) is types.ModuleType


def _classes_of(modules: Iterable[types.ModuleType]) -> list[type]:
    """The Python classes that these modules define, each once, by name."""
    found = {
        names.shown_class_name(value): value
        for module in modules
        for value in vars(module).values()
        if is_class(value) and module_of(value) == module.__name__ and not is_compiled(value)
    }
    return [found[name] for name in sorted(found)]


def _plugin_modules(classes: Iterable[type]) -> list[types.ModuleType]:
    """The modules of these plugin classes, and those beside them that they import."""
    own = {module_of(cls) for cls in classes}
    modules = {name: sys.modules[name] for name in own if name in sys.modules}
    folders = {folder for module in modules.values() if (folder := _package_folder(module)) is not None}
    spaces = {name.rpartition(".")[0] for name in own}
    for name, module in _loaded_modules():
        file = file_of(module)
        # BuildStream loads each plugin, with what it imports from beside it, into a space of its own.
        beside = name.rpartition(".")[0] in spaces if name.startswith("pluginbase.") else _below(file, folders)
        if file and beside:
            modules.setdefault(name, module)
    return [modules[name] for name in sorted(modules) if type(modules[name]) is types.ModuleType]


def _loaded_modules() -> list[tuple[str, types.ModuleType]]:
    """`sys.modules` by name.

    Only the names are listed while it is iterated: items, or a copy, make objects, and these may start
    the garbage collector; a plugin factory that dies then takes its modules out of the dictionary.
    """
    found = [(name, sys.modules.get(name)) for name in sorted(list(sys.modules))]  # noqa: C414
    return [(name, module) for name, module in found if module is not None]


def _package_folder(module: types.ModuleType) -> str | None:
    """The folder that holds a plugin and its helpers: the top-level package it lies in, else its own folder."""
    file = file_of(module)
    if file is None or is_file_of_buildstream(file):
        return None
    folder = Path(file).parent
    while (folder / "__init__.py").exists():
        if not (folder.parent / "__init__.py").exists():
            break
        folder = folder.parent
    return str(folder)


def _below(file: str | None, folders: set[str]) -> bool:
    return file is not None and any(file.startswith(folder + "/") for folder in folders)


def evading_units(graph: Graph) -> list[Unit]:
    """The elements' units of which plugin code can reach into a root past the hooks on attribute access."""
    # By the class's id: hashing a class runs its metaclass's `__hash__`.
    classes = {id(type(root)): type(root) for unit in graph.units for root, _ in unit.roots}
    evading = {key for key, cls in classes.items() if _has_own_access(cls) or _is_container(graph, cls)}
    return [
        unit for unit in graph.units if not unit.shared and any(id(type(root)) in evading for root, _ in unit.roots)
    ]


def _is_container(graph: Graph, cls: type) -> bool:
    return not _ATTRIBUTES.issuperset(graph.registry.plan(cls).cell_kinds)


_ATTRIBUTES = frozenset({INSTANCE, SLOTS, TYPE})
_ACCESS = ("__getattribute__", "__setattr__", "__delattr__")


def _has_own_access(cls: type) -> bool:
    # On `Plugin` itself it is our own: the main process notes what is assigned.
    bases = [base for base in class_mro(cls) if base is not object and base is not Plugin]
    return any(name in class_dict(base) for base in bases for name in _ACCESS)
