"""Which of the loaded modules are plugins', what they bring beside themselves, and what they are made from.

That is, by the reason for which a module counts:

* it defines a plugin, or a class that one derives from, or the class of such a class;
* it lies beside a plugin: in its space, below its folder, or in the package that holds it;
* it came with the same distribution as a plugin;
* a module that counts imports it, and nobody has installed it: it is in a checkout, as plugins under development are.

What came with Python, with BuildStream or with this framework does not count; nor does an installed library, which
others may use, too.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import types
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from buildstream.plugin import Plugin

from enforcer.blame.code import functions_of, nested_code
from enforcer.bst.elements.core_code import in_package, is_core, is_file_of_buildstream
from enforcer.bst.elements.file_names import is_installed
from enforcer.graph.values import ATOMIC_IDS, class_mro, file_of, identity, is_class, module_of, vars_of

_OURS = ("enforcer", "pytest_plugin")
_STDLIB = tuple({os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib")})
_SPACES = "pluginbase._internalspace."


class PluginModules:
    """The modules of some plugin classes and all that count with them.

    Attributes:
        modules: they, by name.
    """

    def __init__(self, classes: Iterable[type]) -> None:
        loaded = loaded_modules()
        found = _defining(classes)
        self._spaces = set(map(_space_of, found)) - {None}
        self._beside = {*map(_folder_of, found.values())} - {None} | _brought_with(found.values())
        for name, module in loaded:
            if self._is_beside(name, file_of(module)):
                found.setdefault(name, module)
        left = [module for name, module in loaded if name not in found and is_checked_out(module)]
        _add_imported(found, left)
        self.modules = [found[name] for name in sorted(found) if type(found[name]) is types.ModuleType]

    def _is_beside(self, name: str, file: str | None) -> bool:
        if name.startswith(_SPACES):
            # In another space are the plugins of another project, or of an earlier build in this process.
            return file is not None and _space_of(name) in self._spaces
        return _is_below(file, self._beside)

    def take(self, module: types.ModuleType, importer: str | None) -> bool:
        """Add a module that was just loaded, by code in the file `importer`, if it counts; whether it does."""
        name, file = vars_of(module).get("__name__"), file_of(module)
        known = any(module is each for each in self.modules)
        if known or type(module) is not types.ModuleType or type(name) is not str:
            return False
        imported = importer is not None and any(file_of(each) == importer for each in self.modules)
        counts = self._is_beside(name, file) or (imported and is_checked_out(module))
        if counts:
            self.modules.append(module)
        return counts


def loaded_modules() -> list[tuple[str, types.ModuleType]]:
    """`sys.modules` by name.

    Only the names are listed while it is iterated: items, or a copy, make objects, and these may start
    the garbage collector; a plugin factory that dies then takes its modules out of the dictionary.
    """
    found = [(name, sys.modules.get(name)) for name in sorted(list(sys.modules))]  # noqa: C414
    return [(name, module) for name, module in found if module is not None]


def is_checked_out(module: types.ModuleType) -> bool:
    """Whether the module is in nobody's installation: neither Python's, nor BuildStream's, nor that of a package."""
    file, name = file_of(module), vars_of(module).get("__name__")
    if file is None or type(name) is not str or name.startswith(_SPACES) or in_package(name, _OURS):
        return False
    return not (_is_pythons(file) or is_file_of_buildstream(file) or is_installed(file))


def _defining(classes: Iterable[type]) -> dict[str, types.ModuleType]:
    """The modules of plugins, of what they derive from, and of the classes of these classes."""
    found: dict[str, types.ModuleType] = {}
    for cls in classes:
        own = module_of(cls)
        for base in class_mro(cls):
            for name in (module_of(base), module_of(type(base))):
                module: Any = sys.modules.get(name)
                if module is not None and (name == own or _can_count(name, file_of(module))):
                    found[name] = module
    return found


def _can_count(name: str, file: str | None) -> bool:
    return file is not None and not is_core(name) and not _is_pythons(file) and not in_package(name, _OURS)


def _is_pythons(file: str) -> bool:
    return file.startswith(_STDLIB) and not is_installed(file)


def _space_of(name: str) -> str | None:
    """BuildStream loads each plugin, with what it imports from beside it, into a space of its own."""
    return name[: name.index(".", len(_SPACES))] if name.startswith(_SPACES) and name.count(".") > 2 else None


def _folder_of(module: types.ModuleType) -> str | None:
    """The folder that holds a plugin and its helpers: the top-level package it lies in, else its own folder."""
    file = file_of(module)
    if file is None or is_file_of_buildstream(file):
        return None
    folder = Path(file).parent
    if not (folder / "__init__.py").exists():
        # Beside a module that is no plugin, and beside an installed one, is whatever else can be imported.
        return str(folder) if module.__name__.startswith(_SPACES) and not _is_site(folder) else None
    if not _defines_plugin(module):
        return None
    while (folder.parent / "__init__.py").exists():
        folder = folder.parent
    return str(folder)


def _is_site(folder: Path) -> bool:
    return folder.name in ("site-packages", "dist-packages")


def _defines_plugin(module: types.ModuleType) -> bool:
    return any(is_class(value) and issubclass(value, Plugin) for value in vars_of(module).values())


def _is_below(file: str | None, folders: Iterable[str | None]) -> bool:
    return file is not None and any(
        folder is not None and (file == folder or file.startswith(folder + "/")) for folder in folders
    )


def _brought_with(modules: Iterable[types.ModuleType]) -> set[str]:
    """The files and folders that the distributions of installed plugins have put beside them."""
    found: set[str] = set()
    own = {file for module in modules if (file := file_of(module)) and not is_file_of_buildstream(file)}
    for site, name in {_top_level(file) for file in own if is_installed(file)}:
        for distribution in metadata.distributions(path=[str(site)]):
            files = (distribution.read_text("RECORD") or "").split("\n")
            tops = {file.partition(",")[0].partition("/")[0] for file in files}
            if name in tops:
                found |= {str(site / top) for top in tops if top}
    return found


def _top_level(file: str) -> tuple[Path, str]:
    """The folder of installed packages that a file is in, and what it is there, or a part of."""
    path = Path(file)
    site = next(parent for parent in path.parents if _is_site(parent))
    return site, path.relative_to(site).parts[0]


class _Names:
    """What a module has of other modules: themselves, things, and their names in its code."""

    def __init__(self, module: types.ModuleType) -> None:
        self.held = {id(value) for value in vars_of(module).values() if identity(type(value)) not in ATOMIC_IDS}
        self.modules = set(_modules_of(vars_of(module).values()))
        codes = (code for function, _ in functions_of([module]) for code in nested_code(function.__code__))
        self.in_code = {name for code in codes for name in code.co_names}


def _modules_of(values: Iterable[Any]) -> Iterator[Any]:
    """The names of the modules that define these values."""
    for value in values:
        if is_class(value):
            yield module_of(value)
        elif type(value) is types.FunctionType:
            yield value.__module__


def _add_imported(found: dict[str, types.ModuleType], left: list[types.ModuleType]) -> None:
    """Add those of `left` that one of `found` imports, and what these import."""
    todo = list(found.values()) if left else []
    while todo and left:
        names = _Names(todo.pop())
        used = [other for other in left if _uses(names, other)]
        left = [other for other in left if not any(other is each for each in used)]
        for other in used:
            found[other.__name__] = other
        todo += used


def _uses(names: _Names, other: types.ModuleType) -> bool:
    name = vars_of(other).get("__name__")
    package, _, last = str(name).rpartition(".")
    # The last is `from package import last`.
    known = id(other) in names.held or name in names.modules or name in names.in_code
    return known or (package in names.in_code and last in names.in_code)
