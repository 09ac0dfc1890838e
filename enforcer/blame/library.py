"""What a function of a library may change for the plugin that calls it, told by the names in its code."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

from enforcer.blame.code import Named, named, nested_code
from enforcer.graph.values import class_dict, is_class

_FUNCTIONS = 20
"""Of what a function calls in its own module, no more functions are searched."""

_CALLED = ("__init__", "__new__", "__call__", "__enter__", "__exit__")
"""The methods that run where a class is named and nothing else of it is."""

_CHANGING = frozenset(
    {"append", "insert", "extend", "update", "pop", "setdefault", "clear", "remove", "__setitem__", "__delitem__"}
)
_STORING = ("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE")


def doors_in(value: Any, is_door: Callable[[Any], bool]) -> list[Any]:
    """The doors that the code of a function or class names, or a function of its module that this calls.

    A door that is no function counts where the code changes it.
    """
    found: dict[int, Any] = {}
    todo, seen = list(_functions_of(value)), set[int]()
    while todo and len(seen) < _FUNCTIONS:
        function = todo.pop(0)
        if id(function) in seen:
            continue
        seen.add(id(function))
        codes = list(nested_code(function.__code__))
        names = frozenset(name for code in codes for name in code.co_names)
        for each in _named(function.__globals__, names):
            if is_door(each):
                if _is_function(each) or any(_changes(code, function, each) for code in codes):
                    found[id(each)] = each
            elif type(each) is types.FunctionType and each.__globals__ is function.__globals__:
                todo.append(each)
    return list(found.values())


def _is_function(value: Any) -> bool:
    return type(value) is types.BuiltinFunctionType or type(value) is types.FunctionType


def _functions_of(value: Any) -> Iterator[types.FunctionType]:
    members = [value]
    if is_class(value):
        members = [class_dict(value).get(name) for name in _CALLED]
    yield from (member for member in members if type(member) is types.FunctionType)


def _named(space: dict[str, Any], names: frozenset[str]) -> Iterator[Any]:
    """What these names may lead to: globals, and what the modules among them hold."""
    for value in [space[name] for name in names if name in space]:
        yield value
        if type(value) is types.ModuleType:
            yield from (vars(value)[name] for name in names if name in vars(value))


def _changes(code: types.CodeType, function: types.FunctionType, container: Any) -> bool:
    """Whether the code calls a method of the container that changes it, or stores into it."""
    steps = list(named(code, function, None))
    return any(_is_changed(steps[index + 1 :]) for index, step in enumerate(steps) if step.value is container)


def _is_changed(after: list[Named]) -> bool:
    """Whether what was just loaded is changed by the instructions that follow."""
    if after and after[0].instruction.argval in _CHANGING:
        return True
    loading = takewhile(lambda step: step.instruction.opname.startswith("LOAD"), after)
    beyond = after[sum(1 for _ in loading) :]
    return bool(beyond) and beyond[0].instruction.opname in _STORING
