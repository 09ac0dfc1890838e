"""The units of one scheduler run, as they are when it starts."""

from __future__ import annotations

import functools
import gc
import threading
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
from enforcer.bst.elements.core_code import CORE, is_class_of_buildstream, is_core, is_file_of_buildstream
from enforcer.bst.elements.file_names import FileNames
from enforcer.bst.elements.library_classes import library_classes
from enforcer.bst.elements.library_globals import library_places
from enforcer.bst.elements.ownership import owner_among
from enforcer.bst.elements.parts import dependencies_first, element_unit
from enforcer.bst.elements.plugin_modules import PluginModules, loaded_modules
from enforcer.bst.elements.process.units import Process
from enforcer.bst.elements.walk_policy import BstPolicy
from enforcer.graph.graph import Graph
from enforcer.graph.kinds import INSTANCE, SLOTS, TYPE
from enforcer.graph.unit import Alias, Cell, Holder, Opaque, Unit, first_step
from enforcer.graph.values import (
    class_dict,
    class_mro,
    file_of,
    is_class,
    is_compiled,
    module_of,
    qualified_name,
    vars_of,
)
from enforcer.results.findings import Owner

_UNHOOKED = ("class", "module", "process")
"""The kinds of units of which no attribute access is seen."""

_MOST_PLACES = 200


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
        plugin_files: the files of `plugin_modules`.
        third_party_files: those of them that do not come with BuildStream.
        library_classes: the unit of abstract classes that are no plugin's.
        imported: the units of plugins' modules that were loaded since it was made.
        loaded_aside: modules that no job has loaded, with the file of the code that has, to be taken up.
        process: the state of the process, row by row.
        seldom: what is looked at when an action is over, if code ran that may change it, and with everything.
        evading: the elements' units that plugin code can change past the hooks on attribute access.
    """

    def __init__(self, context: Any) -> None:
        self.context = context
        self.elements = [plugin for plugin in _plugins_of(context) if issubclass(type(plugin), Element)]
        self.plugins = plugins = list(_plugins_of(context))
        self._plugin_modules = PluginModules(type(plugin) for plugin in plugins)
        self._plugin_module_names: set[str] = set()
        self._third_party_names: set[str] = set()
        self.plugin_files: set[str] = set()
        self.third_party_files: set[str] = set()
        for module in self.plugin_modules:
            self._note_module(module)
        self.file_names = FileNames(context.get_projects(), Path.cwd())
        self._modules: dict[tuple[int, ...], tuple[str, ...]] = {}
        self.process = Process(self._plugin_module_names)
        self.seldom = (self.process.libraries,)
        acquired = acquired_in(context)
        if acquired.error is not None:
            raise acquired.error
        self.policy = BstPolicy(
            self.unit_of,
            self.is_plugin_module,
            self._unit_of_class,
            owner_among=functools.partial(owner_among, acquired),
            places_outside=lambda objects: library_places(objects, self.graph.registry, self.is_plugin_module),
        )
        self.graph = Graph(self.policy)
        self.library_classes = library_classes(self.third_party_modules, self.policy.is_state)
        self.graph.add(self.process.units())
        with _no_collection():
            self.graph.add(self._units(plugins))
        self.evading = evading_units(self.graph)
        self.imported: list[Unit] = []
        self.loaded_aside: list[tuple[types.ModuleType, str | None]] = []
        self._taking = threading.Lock()

    @property
    def plugin_modules(self) -> list[types.ModuleType]:
        """The modules of plugins, and what stands beside them and is imported by them."""
        return self._plugin_modules.modules

    @property
    def third_party_modules(self) -> list[types.ModuleType]:
        """Those of them that do not come with BuildStream."""
        return [module for module in self.plugin_modules if file_of(module) in self.third_party_files]

    def _note_module(self, module: types.ModuleType) -> None:
        self._plugin_module_names.add(module.__name__)
        file = file_of(module)
        if file is not None:
            self.plugin_files.add(file)
            if not is_file_of_buildstream(file):
                self.third_party_files.add(file)
                self._third_party_names.add(module.__name__)

    def take_imported(self, imported: Iterable[tuple[types.ModuleType, str | None]]) -> list[Unit]:
        """The new units of modules that have just been loaded, as they are now, if they are plugins'.

        Args:
            imported: each module with the file of the code that has imported it.
        """
        with self._taking:
            modules = [module for module, importer in imported if self._plugin_modules.take(module, importer)]
            if not modules:
                return []
            for module in modules:
                self._note_module(module)
            before = len(self.graph.units)
            self.graph.add([unit for module in modules for unit in module_units(module)])
            units = self.graph.units[before:]
            self.imported += units
            return units

    def take_loaded_aside(self) -> None:
        """Take up what was loaded where no job was: on the main thread."""
        aside, self.loaded_aside = self.loaded_aside, []
        if aside:
            self.take_imported(aside)

    def _units(self, plugins: list[Any]) -> Iterator[Unit]:
        core = [module for name, module in loaded_modules() if _is_core_module(name, module)]
        yield Unit("module", CORE, [(module, "") for module in core], shared=True)
        self._core_classes = Unit("class", CORE, [(cls, "") for cls in _classes_of(core)], shared=True)
        self._core_names = {id(cls): names.shown_class_name(cls) for cls, _ in self._core_classes.roots}
        yield self._core_classes
        yield self.library_classes
        for module in self.plugin_modules:
            yield from module_units(module)
        for project in self.context.get_projects():
            mirrors = [(plugin, names.mirror_name(plugin)) for plugin in plugins if _is_mirror(plugin, project)]
            yield Unit("project", project.name, [(project, ""), *mirrors], shared=True)
        yield Unit("context", "context", [(self.context, ""), (self.context.messenger, "messenger")], shared=True)
        yield self.graph.common
        # What is found, and named first, does not depend on the order in which they were loaded.
        for element in dependencies_first(self.elements):
            yield element_unit(element)

    def _unit_of_class(self, cls: type, holder: Unit) -> Unit:
        """The unit of a class that no module has under its name."""
        module = module_of(cls)
        named_here = self.is_plugin_module(module)
        # What BuildStream holds and no plugin has made is BuildStream's: Cython makes classes that name no module.
        if is_core(module) or (holder.name == CORE and not named_here):
            self._core_names[id(cls)] = names.shown_class_name(cls)
            return self._core_classes
        # Where a library's function has made it, the class says so, and not for whom.
        name = names.shown_class_name(cls) if named_here else f"{_module_of_unit(holder)}.{qualified_name(cls)}"
        return Unit("class", name, [(cls, "")], shared=True)

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
        root, name = first_step(alias.parent, alias.name)
        return type(name) is str and self.policy.belongs_to_core(root.obj, name)

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
        return Counter(opaque.type_name for _, opaque in self._opaque_in_plugins())

    def opaque_places(self) -> set[tuple[str, str]]:
        """Whose state that is in, with the way to it, and its type; of very many the first by name."""
        places = {(self._place_of(unit, opaque), opaque.type_name) for unit, opaque in self._opaque_in_plugins()}
        return set(sorted(places)[:_MOST_PLACES])

    def _place_of(self, unit: Unit, opaque: Opaque) -> str:
        owner, path = self.owner(unit, opaque.cell), names.public_path(opaque.cell.path())
        which = owner.name if unit.kind == "element" else f"{owner.kind} {owner.name}"
        return f"{which} {path}".rstrip()

    def _opaque_in_plugins(self) -> Iterator[tuple[Unit, Opaque]]:
        for unit in filter(self.has_others_code, self.graph.units):
            yield from ((unit, opaque) for opaque in unit.opaque if not opaque.of_framework)

    def has_others_code(self, unit: Unit) -> bool:
        """Whether a unit is, or is of, plugins or modules that do not come with BuildStream."""
        root = unit.roots[0][0]
        if unit.kind == "module":
            return file_of(root) in self.third_party_files
        if unit.kind == "class":
            return is_class(root) and unit.name != CORE and not is_class_of_buildstream(root)
        if unit.kind == "element":
            return not self._third_party_names.isdisjoint(self.modules_of(unit))
        return unit.kind == "project"

    def owner(self, unit: Unit, cell: Cell) -> Owner:
        """Whose state a cell of `unit` is, as a message names it."""
        root = root_of(cell)
        if unit is self.graph.common:
            first = self.graph.place(cell) or next(iter(self.graph.holders(cell)), None)
            return Owner("element", unit.name) if first is None else self.owner_at(first)
        if unit.kind == "element" and root.name:
            return Owner("source", unit.name)
        if unit.name == CORE and unit.kind == "module":
            return Owner("module", str(root.subject.__name__))
        if unit.name == CORE and unit.kind == "class":
            # By the name that it had: a job may have changed it.
            return Owner("class", self._core_names[id(root.subject)])
        if unit is self.library_classes:
            return Owner("class", names.shown_class_name(root.subject))
        return Owner(unit.kind, unit.name)

    def owner_at(self, holder: Holder) -> Owner:
        """Whose the place is where a container of another unit is held."""
        return self.owner(holder.unit, holder.alias.parent)


def module_units(module: types.ModuleType) -> Iterator[Unit]:
    """A plugin's module and its classes."""
    yield Unit("module", names.module_name(module.__name__), [(module, "")], shared=True)
    for cls in _classes_of([module]):
        yield Unit("class", names.shown_class_name(cls), [(cls, "")], shared=True)


def _module_of_unit(unit: Unit) -> str:
    """The module that a class is named after which this unit holds."""
    return names.module_name(module_of(unit.roots[0][0])) if unit.kind == "class" else unit.name


def root_of(cell: Cell) -> Cell:
    """The root cell that the way to `cell` starts from."""
    return first_step(cell, None)[0]


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
    """The Python classes that these modules define, and those inside of them, each once, by name."""
    known = {module.__name__ for module in modules}
    found: dict[int, type] = {}
    todo = [value for module in modules for value in vars(module).values()]
    while todo:
        value = todo.pop()
        if is_class(value) and module_of(value) in known and not is_compiled(value) and id(value) not in found:
            found[id(value)] = value
            todo += class_dict(value).values()
    return sorted(found.values(), key=names.shown_class_name)


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
