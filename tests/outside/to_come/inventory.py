"""What enforcement has to know of a BuildStream, read from its Python sources without importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_NOT_CORE = {"_frontend", "_testing", "_protos", "plugins", "subprojects"}
"""Folders whose classes hold nothing that jobs share."""
_QUEUE = "Queue"
_EMPTY = {"None", "False", "{}", "[]", "set()"}
"""How an attribute begins that is filled later."""


@dataclass
class Attribute:
    """An attribute of a class's objects.

    Attributes:
        initial: the expression that `__init__` sets it to, None where it is set elsewhere only.
        setters: names of the other methods that set it, private ones mangled.
        line: where it is first set, as `FILE:LINE`.
    """

    initial: str | None = None
    setters: list[str] = field(default_factory=list)
    line: str = ""

    @property
    def is_filled_later(self) -> bool:
        """Whether it begins empty and another method than `__init__` sets it."""
        return self.initial in _EMPTY and bool(self.setters)


@dataclass
class Inventory:
    """One BuildStream.

    Attributes:
        functions: of `MODULE:NAME.NAME`, its parameters and its whole text without comments.
        attributes: of `MODULE:CLASS().NAME`, private names mangled.
        queues: of `MODULE:CLASS`, the scheduler's name of its jobs.
        module_variables: of `MODULE:NAME`, the functions that set it.
    """

    functions: dict[str, tuple[str, str]] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    module_variables: dict[str, list[str]] = field(default_factory=dict)


def read(package: Path) -> Inventory:
    """Read the package `buildstream` in that directory; raises SyntaxError where a file is not this Python's."""
    inventory = Inventory()
    for file in sorted(package.rglob("*.py")):
        steps = file.relative_to(package).with_suffix("").parts
        if _NOT_CORE.isdisjoint(steps):
            module = ".".join(["buildstream", *(step for step in steps if step != "__init__")])
            tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
            _Reader(inventory, module, str(file.relative_to(package))).read(tree.body, [])
    return inventory


class _Reader:
    """Reads one module into an inventory."""

    def __init__(self, inventory: Inventory, module: str, file: str) -> None:
        self._inventory = inventory
        self._module = module
        self._file = file

    def read(self, statements: Sequence[ast.stmt], classes: list[str]) -> None:
        for statement in statements:
            if isinstance(statement, ast.ClassDef):
                self._read_queue(statement, [*classes, statement.name])
                self.read(statement.body, [*classes, statement.name])
            elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._read_function(statement, classes)

    def _read_queue(self, statement: ast.ClassDef, classes: list[str]) -> None:
        if not any(isinstance(base, ast.Name) and base.id == _QUEUE for base in statement.bases):
            return
        actions = [
            ast.literal_eval(line.value)
            for line in statement.body
            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "action_name"
        ]
        self._inventory.queues[f"{self._module}:{'.'.join(classes)}"] = actions[0] if actions else "?"

    def _read_function(self, function: ast.FunctionDef | ast.AsyncFunctionDef, classes: list[str]) -> None:
        name = ".".join([*classes, _mangled(function.name, classes)])
        self._inventory.functions[f"{self._module}:{name}"] = ast.unparse(function.args), ast.unparse(function)
        for line in ast.walk(function):
            if isinstance(line, ast.Global):
                for variable in line.names:
                    self._inventory.module_variables.setdefault(f"{self._module}:{variable}", []).append(name)
            elif classes:
                for target, value in _stores(line):
                    self._note_attribute(_mangled(function.name, classes), classes, target, value)

    def _note_attribute(self, method: str, classes: list[str], target: ast.Attribute, value: ast.expr | None) -> None:
        place = f"{self._module}:{'.'.join(classes)}().{_mangled(target.attr, classes)}"
        attribute = self._inventory.attributes.setdefault(place, Attribute(line=f"{self._file}:{target.lineno}"))
        if method == "__init__":
            attribute.initial = ast.unparse(value) if value is not None else None
        elif method not in attribute.setters:
            attribute.setters.append(method)


def _stores(statement: ast.AST) -> Iterator[tuple[ast.Attribute, ast.expr | None]]:
    """The attributes that a statement sets, and to what: those of self, and private ones of any object."""
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets, value = [statement.target], statement.value
    else:
        return
    for outer in targets:
        together = isinstance(outer, ast.Tuple)
        for target in outer.elts if isinstance(outer, ast.Tuple) else [outer]:
            if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Name):
                continue
            if target.value.id == "self" or target.attr.startswith("__"):
                yield target, None if together else value


def _mangled(name: str, classes: Sequence[str]) -> str:
    if not classes or not name.startswith("__") or name.endswith("__"):
        return name
    return f"_{classes[-1].lstrip('_')}{name}"
