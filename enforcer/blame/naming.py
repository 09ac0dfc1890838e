"""What functions name, told by names alone: without reading instructions, and too much rather than too little."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

from enforcer.blame.code import functions_of, held_by, nested_code

_BY_TEXT = frozenset({"getattr", "attrgetter", "methodcaller", "globals", "vars", "import_module", "__import__"})
"""Whoever names one of these may mean by a text what others mean by a name."""


class Naming:
    """The functions of some modules, each once, the names in each, and the values that these have there."""

    def __init__(self, modules: list[types.ModuleType]) -> None:
        self._by_last_name: dict[str, list[types.ModuleType]] = {}
        for module in modules:
            self._by_last_name.setdefault(module.__name__.rpartition(".")[2], []).append(module)
        self._imported = _imported(modules)
        self.functions = [*{id(function): function for function, _ in functions_of(modules)}.values()]
        self._names: dict[int, frozenset[str]] = {}

    def names(self, function: types.FunctionType) -> frozenset[str]:
        """The names of globals, attributes and modules in the code of a function, and of those inside of it."""
        found = self._names.get(id(function))
        if found is None:
            found = self._names[id(function)] = frozenset(_names(function))
        return found

    def values(self, function: types.FunctionType) -> Iterator[Any]:
        """What its names lead to: its globals, those of the modules that it names, its free variables, its defaults."""
        yield from held_by(function).values()
        names = self.names(function)
        for space in (function.__globals__, *self._spaces_named(function, names)):
            yield from (space[name] for name in names if name in space)

    def named_of_imported(self) -> Iterator[tuple[types.ModuleType, str, Any]]:
        """What other modules hold by names that the functions use, of those that are imported."""
        names = frozenset[str]().union(*map(self.names, self.functions))
        for module in self._imported:
            space = vars(module)
            yield from ((module, name, space[name]) for name in names.intersection(space))

    def _spaces_named(self, function: types.FunctionType, names: frozenset[str]) -> Iterator[dict[str, Any]]:
        # By the last part of a module's name: a function may import it by itself, under any name.
        for name in names:
            value = function.__globals__.get(name)
            if type(value) is types.ModuleType:
                yield vars(value)
            for part in name.split("."):
                yield from map(vars, self._by_last_name.get(part, ()))


def _imported(modules: list[types.ModuleType]) -> list[types.ModuleType]:
    own = set(map(id, modules))
    found = {
        id(value): value for module in modules for value in vars(module).values() if type(value) is types.ModuleType
    }
    return [module for key, module in found.items() if key not in own]


def _names(function: types.FunctionType) -> Iterator[str]:
    codes = list(nested_code(function.__code__))
    for code in codes:
        yield from code.co_names
    if any(name in _BY_TEXT for code in codes for name in code.co_names):
        yield from (text for code in codes for text in code.co_consts if type(text) is str)
