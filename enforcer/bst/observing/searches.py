"""What the code of a run's plugins can do, searched once: which locks it names, what it reaches, which lines it has.

And what comments in it say.
"""

from __future__ import annotations

import types
from functools import cached_property

from enforcer.blame.reach import Reach
from enforcer.bst.elements.core_code import CORE, is_in_buildstream
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.elements.walk_policy import is_kept
from enforcer.bst.observing.comments import IgnoreComments
from enforcer.bst.observing.locks import SharedLocks
from enforcer.bst.observing.plugin_code import PluginCodes
from enforcer.graph.unit import Unit
from enforcer.graph.values import class_mro, is_class


class PluginSearches:
    """Searches of the plugin code of one scheduler run."""

    def __init__(self, run_graph: RunGraph) -> None:
        self._run_graph = run_graph
        modules = run_graph.plugin_modules
        self.locks = SharedLocks([module for module in modules if not is_in_buildstream(module.__name__)])
        self.comments = IgnoreComments(run_graph)
        libraries = run_graph.library_classes
        self._registering = {id(cell.subject): libraries for cell in libraries.cells}
        self._reaches: dict[str, tuple[int, Reach]] = {}

    @property
    def reach(self) -> Reach:
        """What lines of plugins may change past all hooks, but for those that come with BuildStream."""
        return self._reach_of("third party", self._run_graph.third_party_modules)

    @property
    def reach_of_all(self) -> Reach:
        """The same for all plugins."""
        return self._reach_of("all", self._run_graph.plugin_modules)

    def _reach_of(self, whose: str, modules: list[types.ModuleType]) -> Reach:
        # Jobs can import more of them.
        count, reach = self._reaches.get(whose, (0, None))
        if reach is None or count != len(modules):
            reach = self._search(modules)
            self._reaches[whose] = len(modules), reach
        return reach

    def _search(self, modules: list[types.ModuleType]) -> Reach:
        graph = self._run_graph.graph
        shared = [unit for unit in graph.units if unit.shared and unit.name != CORE]
        classes = [root for unit in shared if unit.kind == "class" for root, _ in unit.roots if is_class(root)]
        process = self._run_graph.process
        return Reach(
            modules,
            self._holder_of,
            process.doors(),
            lambda: [unit for unit in shared if unit is not process.libraries],
            lambda: [unit for unit in graph.units if unit.name != CORE and unit is not process.libraries],
            classes,
            [cls for cls in classes if not is_kept(cls)],
            lambda: [unit for unit in graph.units if unit.kind == "class"],
            lambda cls: self._holding.get(id(cls), ()),
        )

    @cached_property
    def _holding(self) -> dict[int, list[Unit]]:
        """The shared units that hold objects of a class or of one that inherits from it, by the class's id."""
        found: dict[int, list[Unit]] = {}
        for unit in self._run_graph.graph.units:
            if unit.shared and unit.name != CORE:
                classes = {id(base): base for cell in unit.cells for base in class_mro(type(cell.obj))}
                for key in classes:
                    found.setdefault(key, []).append(unit)
        return found

    def _holder_of(self, obj: object) -> Unit | None:
        registry = self._run_graph.graph.registry
        unit = registry.roots.get(id(obj)) or registry.owner.get(id(obj))
        return self._registering.get(id(obj)) if unit is None else unit

    @cached_property
    def codes(self) -> PluginCodes:
        """The lines and methods that may run in jobs."""
        run_graph = self._run_graph
        return PluginCodes(run_graph.plugin_modules, run_graph.plugins, run_graph.file_names.shown)
