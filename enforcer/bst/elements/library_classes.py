"""What plugins' classes are registered with: the abstract classes of Python and of libraries.

Those classes are nobody's unit. But to register a class there changes what `isinstance()` says in all of the process.
What libraries register there by themselves, when they are first imported, is no plugin's doing.
"""

from __future__ import annotations

import collections.abc
import contextlib
import importlib.abc
import io
import numbers
import os
import types
from collections.abc import Callable, Iterable, Iterator

from enforcer.graph.abstract import has_registry, registry_probe
from enforcer.graph.kinds import PROBE
from enforcer.graph.unit import Cell, Unit
from enforcer.graph.values import is_class, is_compiled, vars_of

NAME = "libraries"
_OF_PYTHON = (collections.abc, contextlib, importlib.abc, io, numbers, os)


def library_classes(modules: Iterable[types.ModuleType], is_state: Callable[[type], bool]) -> Unit:
    """The abstract classes of Python, and those that these modules name from elsewhere, as one shared unit.

    Args:
        is_state: whether a class is a plugin's, BuildStream's, or one that was made on demand.
    """
    found = {id(cls): cls for cls in _abstract([*_OF_PYTHON, *_named_by(modules)]) if not is_state(cls)}
    probes = (
        registry_probe(cls, lambda registered: not is_compiled(registered) and is_state(registered))
        for cls in found.values()
    )
    return Unit("class", NAME, [(object(), "")], shared=True, fixed=[Cell(PROBE, probe, None, "") for probe in probes])


def _named_by(modules: Iterable[types.ModuleType]) -> Iterator[types.ModuleType]:
    """These modules, and those that they have imported: `from numbers import Real` and `import numbers`."""
    for module in modules:
        yield module
        yield from (value for value in vars_of(module).values() if issubclass(type(value), types.ModuleType))


def _abstract(modules: Iterable[types.ModuleType]) -> Iterator[type]:
    for module in modules:
        yield from (value for value in vars_of(module).values() if is_class(value) and has_registry(type(value)))
