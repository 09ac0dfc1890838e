"""The functions, classes and constants of Python's library and of installed ones: nobody replaces these in a job.

Data that they keep is their own business: caches, counters, what they find out when they are first asked.
"""

from __future__ import annotations

import builtins
import functools
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from enforcer.bst.elements.core_code import in_package, is_in_buildstream
from enforcer.graph.some_entries import PART, PartOf
from enforcer.graph.unit import Cell
from enforcer.graph.values import (
    ATOMIC_IDS,
    class_dict,
    class_mro,
    identity,
    is_class,
    is_compiled,
    module_of,
    qualified_name,
    vars_of,
)

_NOT_LIBRARIES = (
    "enforcer",
    "pytest_plugin",
    "pluginbase",
    "_pytest",
    "pytest",
    "pluggy",
    "coverage",
    "pydevd",
    "debugpy",
)
"""Our own, what is no library of plugins, and what is there to replace functions of others."""

_NAMES = {"posixpath": "os.path", "_io": "io", "_frozen_importlib": "importlib._bootstrap"}
"""Modules as an author knows them."""

_FUNCTIONS = frozenset(
    map(
        identity,
        (
            types.FunctionType,
            types.BuiltinFunctionType,
            types.MethodType,
            types.ModuleType,
            functools.partial,
            functools._lru_cache_wrapper,
            classmethod,
            staticmethod,
            property,
            types.MethodDescriptorType,
            types.WrapperDescriptorType,
        ),
    )
)

_CLASS = identity(type)


def library_cells(plugin_modules: Collection[str], listed: Iterable[Cell]) -> Iterator[Cell]:
    """A cell for each library module that is loaded, and for each class in it, without what is `listed` already."""
    taken = _names_of(listed)
    seen: set[int] = set()
    for name, module in _libraries(plugin_modules):
        label = _NAMES.get(name, name)
        yield from _cell(module, label, vars(module), taken)
        for value in list(vars(module).values()):
            if is_class(value) and id(value) not in seen and module_of(value) == name and not is_compiled(value):
                seen.add(id(value))
                yield from _cell(value, _class_label(label, value), class_dict(value), taken)


def _class_label(module: str, cls: type) -> str:
    """As an author knows it: by the package, where that has it from a private module of its own."""
    package, _, last = module.rpartition(".")
    if last.startswith("_") and package in sys.modules:
        held = vars_of(sys.modules[package]).get(qualified_name(cls))
        module = package if held is cls else module
    return f"{module}.{qualified_name(cls)}"


def _names_of(listed: Iterable[Cell]) -> dict[int, set[str]]:
    """The names that are listed, by the identity of their owner."""
    taken: dict[int, set[str]] = {}
    for cell in listed:
        if type(cell.obj) is PartOf:
            taken.setdefault(id(cell.obj.owner), set()).update(cell.obj.names)
    return taken


def _libraries(plugin_modules: Collection[str]) -> Iterator[tuple[str, types.ModuleType]]:
    for name in sorted(list(sys.modules)):  # noqa: C414 - names only, as in `run_graph`
        module = sys.modules.get(name)
        if type(module) is not types.ModuleType or vars(module).get("__name__") != name or name == "builtins":
            continue
        if name not in plugin_modules and not in_package(name, _NOT_LIBRARIES) and not is_in_buildstream(name):
            yield name, module


def _cell(owner: Any, label: str, space: Any, taken: dict[int, set[str]]) -> Iterator[Cell]:
    without = taken.get(id(owner), ())
    names = [name for name, value in list(space.items()) if _is_fixed(name, value) and name not in without]
    if names and not is_class(owner) and "__spec__" in space:
        names.append("__spec__")  # another one says that the module was executed again
    if names or is_class(owner):
        yield Cell(PART, PartOf(owner, names, added=_counts_when_added(owner)), None, label)


def _counts_when_added(owner: Any) -> Callable[[str, Any], bool]:
    """What new attributes of `owner` are no memo: public ones of a class, and functions that hide an inherited one."""
    bases = [class_dict(base) for base in class_mro(owner)[1:]] if is_class(owner) else [vars(builtins)]

    def hides(name: str, value: Any) -> bool:
        # A submodule that is imported may have such a name, too: `encodings.ascii`.
        is_function = type(value) is not types.ModuleType and _is_function(value)
        return is_function and any(name in base for base in bases)

    if is_class(owner):
        return lambda name, value: not name.startswith("_") or hides(name, value)
    return hides


def _is_function(value: object) -> bool:
    return identity(type(value)) in _FUNCTIONS or is_class(value)


def _is_fixed(name: object, value: object) -> bool:
    """Whether a library never replaces it: a function, a class, a module, a constant by its name."""
    if type(name) is not str:
        return False
    # 38,000 are asked about at the start of a run.
    kind = identity(type(value))
    if kind in _FUNCTIONS or kind == _CLASS or (kind not in ATOMIC_IDS and is_class(value)):
        return True
    # None, or a private one, is often what a function fills in.
    return kind in ATOMIC_IDS and value is not None and name.isupper() and not name.startswith("_")
