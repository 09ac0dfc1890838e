"""The first line of plugin code that names an attribute or a global.

Classes, modules and the process cannot be hooked as plugins can, and a container that an element
has held since it was configured is reached without a touch. For a write on these the line is
looked up in the code of the job's plugin, then of the other plugins: the first one, in the order
of the file, that names what was changed or what held it.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator

from enforcer.blame.code import functions_of, line_of, nested_code
from enforcer.blame.place import Place


def first_mention(modules: list[types.ModuleType], name: str) -> Place | None:
    """The first line in the functions of `modules` that names `name`, module by module."""
    for module in modules:
        lines = sorted(
            (line, code.co_name, code.co_filename) for code in _functions(module) for line in _lines(code, name)
        )
        if lines:
            line, function, filename = lines[0]
            return Place(filename, line, function)
    return None


def _functions(module: types.ModuleType) -> Iterator[types.CodeType]:
    """The code of every function that `module` defines, nested ones and methods included."""
    for function, _ in functions_of([module]):
        yield from nested_code(function.__code__)


def _lines(code: types.CodeType, name: str) -> Iterator[int]:
    line = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        line = line_of(instruction) or line
        if (
            type(instruction.argval) is str
            and instruction.argval == name
            and instruction.opname.startswith(("LOAD", "STORE", "DELETE"))
        ):
            yield line
