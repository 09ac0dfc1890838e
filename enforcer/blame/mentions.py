"""The first line of plugin code that names an attribute or a global.

Classes, modules and the process cannot be hooked as plugins can, and a container that an element
has held since it was configured is reached without a touch. For a write on these the line is
looked up in the code of the job's plugin, then of the other plugins: the first one, in the order
of the file, that names what was changed or what held it. Methods that run in no job count last.
"""

from __future__ import annotations

import dis
import linecache
import re
import types
from collections.abc import Iterator

from enforcer.blame.code import IN_NO_JOB, functions_of, line_of, nested_code
from enforcer.blame.place import Place


def first_mention(modules: list[types.ModuleType], name: str) -> Place | None:
    """The first line in the functions of `modules` that names `name`, module by module."""
    return _first_of(modules, name, _ANY)


_ANY = ("LOAD", "STORE", "DELETE")
_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")


def _first_of(modules: list[types.ModuleType], name: str, ways: tuple[str, ...]) -> Place | None:
    """The first line that names it in one of these ways, by how the names of instructions begin."""
    for module in modules:
        lines = sorted(
            (function in IN_NO_JOB, line, code.co_name, code.co_filename)
            for function, code in _functions(module)
            for line in _lines(code, name, ways)
        )
        if lines:
            _, line, function, filename = lines[0]
            return Place(filename, line, function)
    return None


def first_mention_of_function(modules: list[types.ModuleType], name: str) -> Place | None:
    """The same of a function or class of this name, by whatever name a module has imported it."""
    for module in modules:
        places = filter(None, (first_mention([module], name), first_use_of_imported([module], name)))
        place = min(places, key=lambda place: place.line, default=None)
        if place is not None:
            return place
    return None


def first_use_of_imported(modules: list[types.ModuleType], name: str) -> Place | None:
    """The first line that names a function or class of this name which a module has imported by itself."""
    for module in modules:
        imported = [key for key, value in vars(module).items() if _is_called(value, name)]
        places = filter(None, (_first_of([module], each, _GLOBAL) for each in imported))
        place = min(places, key=lambda place: place.line, default=None)
        if place is not None:
            return place
    return None


def _is_called(value: object, name: str) -> bool:
    kind = type(value)
    return (kind is types.FunctionType or kind is types.BuiltinFunctionType or kind is type) and value.__name__ == name  # type: ignore[attr-defined]


def text_of(module: types.ModuleType) -> str:
    """The text of a module's file."""
    file = vars(module).get("__file__")
    return "".join(linecache.getlines(file)) if type(file) is str else ""


def has_word(text: str, word: str) -> bool:
    """Whether a word of letters and digits stands in a text, as no part of another one."""
    return re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) is not None


def _functions(module: types.ModuleType) -> Iterator[tuple[str, types.CodeType]]:
    """The code of every function that `module` defines, methods and nested ones, with the name of the outermost."""
    for function, _ in functions_of([module]):
        for code in nested_code(function.__code__):
            yield function.__name__, code


def _lines(code: types.CodeType, name: str, ways: tuple[str, ...]) -> Iterator[int]:
    line = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        line = line_of(instruction) or line
        if type(instruction.argval) is str and instruction.argval == name and instruction.opname.startswith(ways):
            yield line
