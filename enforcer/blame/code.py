"""What plugin code names: functions and their code, and the objects that their instructions lead to."""

from __future__ import annotations

import builtins
import dis
import functools
import sys
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from enforcer.graph.values import ATOMIC_IDS, class_dict, class_mro, identity, is_class, module_of, vars_of

UNKNOWN_OBJECT = object()
"""Stands for an object that is not known before the code runs."""

IN_NO_JOB = ("configure", "configure_dependencies", "preflight")
"""Methods that BuildStream calls before the first job."""


class Named(NamedTuple):
    """An instruction, its line, and the object that it leads to: loaded, stored into, or `UNKNOWN_OBJECT`."""

    instruction: dis.Instruction
    line: int
    value: Any


def functions_of(modules: list[types.ModuleType]) -> Iterator[tuple[types.FunctionType, type | None]]:
    """Every function that the modules define, and the class whose method it is, if any.

    Decorated ones too, those in tables, and methods of classes inside of classes, functions and tables.
    """
    spaces = {id(vars(module)) for module in modules}
    for module in modules:
        yield from _own_functions(vars(module).values(), None, spaces)
        for cls in all_classes_of(module):
            yield from _own_functions(class_dict(cls).values(), cls, spaces)


def _own_functions(
    members: Iterable[Any], cls: type | None, spaces: set[int]
) -> Iterator[tuple[types.FunctionType, type | None]]:
    """The functions of the modules with these global names that `members` are made of."""
    for member in members:
        yield from ((function, cls) for function in functions_inside(member) if id(function.__globals__) in spaces)


def all_classes_of(module: types.ModuleType) -> list[type]:
    """The classes that the module defines, wherever it keeps them: in tables, and inside of other classes."""
    found: dict[int, type] = {}
    todo: list[Any] = list(vars(module).values())
    while todo:
        for value in parts_of(todo.pop()):
            if is_class(value) and module_of(value) == module.__name__ and id(value) not in found:
                found[id(value)] = value
                todo += class_dict(value).values()
    return list(found.values())


def classes_of(module: types.ModuleType) -> list[type]:
    """The classes that the module defines."""
    return [cls for cls in vars(module).values() if is_class(cls) and module_of(cls) == module.__name__]


def functions_inside(member: Any) -> Iterator[types.FunctionType]:
    """The functions that a member of a module or class is made of."""
    return (value for value in parts_of(member) if type(value) is types.FunctionType)


def parts_of(member: Any) -> Iterator[Any]:
    """`member`, what it wraps or contains, and so on; the contents of Python's own containers only."""
    if identity(type(member)) in ATOMIC_IDS:
        yield member
        return
    seen = {id(vars(builtins))}  # each module holds it
    todo = [member]
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield value
        inside = _INSIDE.get(id(type(value)))
        if inside is not None:
            todo += [part for part in inside(value) if identity(type(part)) not in ATOMIC_IDS]


def _inside_function(function: types.FunctionType) -> Iterable[Any]:
    return (function.__dict__.get("__wrapped__"), *_cells(function).values())


_INSIDE: dict[int, Callable[[Any], Iterable[Any]]] = {
    id(types.FunctionType): _inside_function,
    id(property): lambda value: (value.fget, value.fset, value.fdel),
    id(functools._lru_cache_wrapper): lambda value: (value.__wrapped__,),
    **dict.fromkeys(map(id, (staticmethod, classmethod, types.MethodType)), lambda value: (value.__func__,)),
    **dict.fromkeys(map(id, (functools.partial, functools.cached_property)), lambda value: (value.func,)),
    **dict.fromkeys(map(id, (dict, defaultdict, OrderedDict)), lambda value: value.values()),
    **dict.fromkeys(map(id, (list, tuple, set, frozenset, deque)), lambda value: value),
}
"""By the identity of a type: to hash one runs the `__hash__` of its metaclass."""


def _cells(function: types.FunctionType) -> dict[str, Any]:
    """What the free variables of a function hold."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def held_by(function: types.FunctionType) -> dict[str, Any]:
    """What a function keeps between its calls, by the names in it: default values, and what free variables hold."""
    return {**_defaults(function), **_cells(function)}


def nested_code(code: types.CodeType) -> Iterator[types.CodeType]:
    """A function's code, and that of the functions inside of it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from nested_code(constant)


def line_of(instruction: dis.Instruction) -> int | None:
    """The line that the instruction belongs to, where it tells one."""
    # From 3.11 on each instruction knows its line; before, only the first of a line.
    positions = getattr(instruction, "positions", None)
    line = instruction.starts_line if positions is None else positions.lineno
    return line if type(line) is int else None


def named(
    code: types.CodeType, function: types.FunctionType, cls: type | None, imported: dict[str, Any] | None = None
) -> Iterator[Named]:
    """Each instruction of `code`, in a function of class `cls`, with what it leads to.

    Followed are `NAME`, `module.NAME`, `self.NAME`, `Cls.NAME`, `type(self).NAME`, free variables and default values,
    `TABLE['key']`, `sys.modules['name']`, the classes of `Cls.__mro__`, and what a function imports.
    `imported` are the modules that functions around it have imported, by the names that it may use; more are added.
    """
    names = _Names(code, function, cls, {} if imported is None else imported)
    for instruction in _single(dis.get_instructions(code)):
        step = names.step(instruction)
        if instruction.opname not in _PASSING:
            yield step


def _single(instructions: Iterable[dis.Instruction]) -> Iterator[dis.Instruction]:
    """The instructions, but those that do two things at once (since Python 3.13) as two."""
    for instruction in instructions:
        operations = _DOUBLE.get(instruction.opname)
        if operations is None:
            yield instruction
        else:
            for operation, name in zip(operations, instruction.argval, strict=True):
                yield instruction._replace(opname=operation, argval=name)


_DOUBLE = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}


class _Names:
    """What the names in some code lead to, instruction by instruction."""

    def __init__(
        self, code: types.CodeType, function: types.FunctionType, cls: type | None, imported: dict[str, Any]
    ) -> None:
        self._shared = function.__globals__
        self._imported = imported
        self._local = {**imported, **held_by(function)}
        if cls is not None and function.__code__.co_argcount:
            # For attributes, self is as good as its class.
            self._local[function.__code__.co_varnames[0]] = cls
        self._line = code.co_firstlineno
        # On top of the stack and below.
        self._value = self._below = UNKNOWN_OBJECT
        # The last two constants, and what the last import has left.
        self._constants: tuple[Any, Any] = (None, None)
        self._module: Any = UNKNOWN_OBJECT
        self._imports = False

    def step(self, instruction: dis.Instruction) -> Named:
        """The next instruction, and what it leads to."""
        self._line = line_of(instruction) or self._line
        if instruction.opname not in _PASSING:
            self._value, self._below = self._after(instruction)
            self._imports = instruction.opname.startswith("IMPORT")
        return Named(instruction, self._line, self._value)

    def _after(self, instruction: dis.Instruction) -> tuple[Any, Any]:
        """The topmost of the stack after an instruction, and what is below, as far as they are known."""
        operation, name = instruction.opname, instruction.argval
        if operation in _CONSTANT:
            self._constants = self._constants[1], name
            return UNKNOWN_OBJECT, self._value
        if operation.startswith("LOAD"):
            return _loaded(instruction, self._value, self._shared, self._local), self._value
        if operation == "IMPORT_NAME":
            level, wanted = self._constants
            self._module = _imported(name, level, wanted, self._shared)
            return self._module, UNKNOWN_OBJECT
        if operation == "IMPORT_FROM":
            return attribute_of(self._module, name), UNKNOWN_OBJECT
        if operation in _EXCHANGING and self._imports:
            self._module = self._value  # `import a.b.c as name` goes from one to the next
            return UNKNOWN_OBJECT, UNKNOWN_OBJECT
        if operation == "BINARY_SUBSCR":
            key = self._constants[1] if self._value is UNKNOWN_OBJECT else self._value
            return _item(self._below, key), UNKNOWN_OBJECT
        if operation in _ASSIGNING and (self._imports or type(self._value) is types.ModuleType):
            self._local[name] = self._value
            if operation == "STORE_DEREF":
                self._imported[name] = self._value
        if operation.startswith(_CALLING) and self._below is type:
            return self._value, self._below  # type(self) leaves the class that stands for self
        return UNKNOWN_OBJECT, UNKNOWN_OBJECT


_CONSTANT = ("LOAD_CONST", "LOAD_SMALL_INT")
_EXCHANGING = ("SWAP", "ROT_TWO")
_ASSIGNING = ("STORE_FAST", "STORE_DEREF")
_PASSING = ("EXTENDED_ARG", "PUSH_NULL", "NOP")
_CALLING = ("PRECALL", "CALL")


def _defaults(function: types.FunctionType) -> dict[str, Any]:
    code, defaults = function.__code__, function.__defaults__ or ()
    # From the last on: somebody may have given it more of them than it has parameters.
    names = reversed(code.co_varnames[: code.co_argcount])
    return {**dict(zip(names, reversed(defaults), strict=False)), **(function.__kwdefaults__ or {})}


def _loaded(instruction: dis.Instruction, before: Any, shared: dict[str, Any], local: dict[str, Any]) -> Any:
    """The object that `instruction` loads onto the stack, on top of `before`; `UNKNOWN_OBJECT` if not known."""
    operation, name = instruction.opname, instruction.argval
    if operation == "LOAD_GLOBAL":
        return shared.get(name, vars(builtins).get(name, UNKNOWN_OBJECT))
    if operation.startswith(("LOAD_FAST", "LOAD_DEREF")):
        return local.get(name, UNKNOWN_OBJECT)
    if operation in ("LOAD_ATTR", "LOAD_METHOD"):
        return attribute_of(before, name)
    return UNKNOWN_OBJECT


def attribute_of(holder: Any, name: str) -> Any:
    """What a module, a class or an object for which its class stands holds by this name, if that is known."""
    if issubclass(type(holder), types.ModuleType):
        return vars_of(holder).get(name, UNKNOWN_OBJECT)
    if not is_class(holder):
        return UNKNOWN_OBJECT
    if name == "__class__":
        return holder
    if name in _ANCESTORS:
        return class_mro(holder)
    return next((class_dict(cls)[name] for cls in class_mro(holder) if name in class_dict(cls)), UNKNOWN_OBJECT)


_ANCESTORS = ("__mro__", "__bases__", "__base__", "mro")


def _item(holder: Any, key: Any) -> Any:
    """What one of Python's own containers holds at a text or number."""
    kind = type(key)
    if kind is not str and kind is not int:
        return UNKNOWN_OBJECT
    if type(holder) is dict:
        # No lookup: that may ask other keys whether they are equal.
        items = dict.items(holder)
        return next((value for name, value in items if type(name) is kind and name == key), UNKNOWN_OBJECT)
    if kind is int and (type(holder) is list or type(holder) is tuple) and -len(holder) <= key < len(holder):
        return holder[key]
    return UNKNOWN_OBJECT


def _imported(name: str, level: Any, wanted: Any, shared: dict[str, Any]) -> Any:
    """The module that `import name` or `from name import wanted` leaves in a function, if it is there already."""
    package = shared.get("__package__")
    if level:
        if type(package) is not str:
            return UNKNOWN_OBJECT
        name = ".".join([*package.split(".")[: package.count(".") + 2 - level], *filter(None, [name])])
    module = sys.modules.get(name if wanted else name.partition(".")[0])
    return UNKNOWN_OBJECT if module is None else module
