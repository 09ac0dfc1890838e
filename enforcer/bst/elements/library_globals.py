"""What libraries hold in their modules and classes, which are no units: looked for, not watched."""

from __future__ import annotations

import functools
import gc
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from enforcer.bst.elements.core_code import in_package, is_core
from enforcer.graph.kinds import CLASS, INSTANCE, NATIVE, Kind
from enforcer.graph.unit import Alias, Cell, Holder, Unit
from enforcer.graph.values import ATOMIC_IDS, identity, is_class
from enforcer.graph.walk import Registry

_DEPTH = 3
"""How far below a module is looked: a global, an entry of it, or of a class; and an entry of that."""


def library_places(
    objects: Mapping[int, object], registry: Registry, is_plugin_module: Callable[[str], bool]
) -> dict[int, Holder]:
    """Where libraries hold these objects, given by id; the first place by name."""
    found: dict[int, Holder] = {}
    seen: set[int] = set()
    level: list[tuple[Unit, Cell]] = []
    for name in sorted(list(sys.modules)):  # noqa: C414 - a module may be unloaded meanwhile
        module = sys.modules.get(name)
        known = is_core(name) or is_plugin_module(name) or in_package(name, ("enforcer", "pytest_plugin"))
        if type(module) is types.ModuleType and not known:
            level.append((Unit("module", name, [(module, "")], shared=True), Cell(INSTANCE, module, None, "")))
    for _ in range(_DEPTH):
        below: list[tuple[Unit, Cell]] = []
        for unit, cell in level:
            for name, via, value in _entries(cell, registry):
                key = id(value)
                if key in seen:
                    continue
                seen.add(key)
                if key in objects:
                    found[key] = Holder(unit, Alias(value, cell, name, via))
                below += ((unit, Cell(kind, value, cell, name, via)) for kind in _kinds(value, registry))
        level = below
    return found


def _entries(cell: Cell, registry: Registry) -> Iterator[tuple[Any, str, Any]]:
    """Name, rest of the way, and value, of what may hold more."""
    for name, value in cell.kind.contents(cell.obj):
        if identity(type(value)) in ATOMIC_IDS or issubclass(type(value), (types.ModuleType, types.FunctionType)):
            continue
        yield name, "", value
        children = registry.plan(type(value)).children
        for child in children(value) if children is not None else ():
            yield name, child.suffix, child.obj
        if issubclass(type(value), _CACHED):
            for result in gc.get_referents(value):
                yield name, "()", result


def _kinds(value: Any, registry: Registry) -> tuple[Kind, ...]:
    kinds = (CLASS,) if is_class(value) else registry.plan(type(value)).cell_kinds
    # What only C sees is made anew for each look.
    return tuple(kind for kind in kinds if kind is not NATIVE)


_CACHED = type(functools.lru_cache(maxsize=0)(lambda: None))
