"""Functions of plugin code are found wherever its modules keep them."""

from __future__ import annotations

import types
from typing import Any
from xml.etree import ElementTree

import pytest

from enforcer.blame.code import functions_of, named

_MODULE = """
import functools
from os.path import join

def plain():
    pass

TABLE = {"a": lambda: 1, "b": [plain, {"deep": (lambda: 2,)}], "joins": join}
TABLE["itself"] = TABLE

class Outer:
    def method(self):
        pass

    ROWS = [lambda self: 3]

    class Inner:
        def method(self):
            pass

        class Innermost:
            @staticmethod
            def method():
                pass

def make():
    class Local:
        def method(self):
            pass
    return Local

KINDS = {"local": make()}
Outer.Inner.outer = Outer
"""


@pytest.fixture
def module() -> types.ModuleType:
    found: Any = types.ModuleType("kept")
    exec(compile(_MODULE, "kept.py", "exec"), vars(found))
    return found  # type: ignore[no-any-return]


def test_methods_of_classes_in_classes_and_in_tables_are_found_with_their_class(module: types.ModuleType) -> None:
    found = {(function.__qualname__, cls.__qualname__) for function, cls in functions_of([module]) if cls is not None}
    assert found == {
        ("Outer.method", "Outer"),
        ("Outer.<lambda>", "Outer"),
        ("Outer.Inner.method", "Outer.Inner"),
        ("Outer.Inner.Innermost.method", "Outer.Inner.Innermost"),
        ("make.<locals>.Local.method", "make.<locals>.Local"),
    }


def test_functions_in_tables_are_found_but_those_of_other_modules(module: types.ModuleType) -> None:
    lines = {function.__code__.co_firstlineno for function, cls in functions_of([module]) if cls is None}
    names = {function.__name__ for function, cls in functions_of([module]) if cls is None}
    assert names == {"plain", "make", "<lambda>"}
    assert lines == {5, 8, 26}


def as_(module):
    import xml.etree.ElementTree as tree

    return tree


def by_name(module):
    import xml.etree.ElementTree

    return xml.etree.ElementTree


def two_of_one_package(module):
    from xml.etree import ElementInclude, ElementTree

    return ElementInclude, ElementTree


@pytest.mark.parametrize("function", [as_, by_name, two_of_one_package])
def test_a_module_that_a_function_imports_is_known_however_deep_it_is(function: types.FunctionType) -> None:
    steps = list(named(function.__code__, function, None))
    returned = next(index for index, step in enumerate(steps) if step.line == steps[-1].line)
    assert any(step.value is ElementTree for step in steps[returned:])
