"""What a function names is told by names: what it can mean is among what is found."""

from __future__ import annotations

import sys
import types

import pytest

from enforcer.blame.naming import Naming

HELPERS = """
class Table: pass
TABLE = Table()
"""

PLUGIN = """
import functools, helpers, library

HERE = [1]

def names_a_global(): return HERE
def names_nothing(): return 1
def names_one_of_a_module(): return helpers.TABLE
def imports_one():
    from helpers import TABLE as table
    return table
def names_one_of_a_library(): return library.THING
def asks_by_a_text(thing): return getattr(thing, "fetch")
def says_a_text(): return "fetch"
def inside():
    def inner(thing): return thing.fetch, HERE
    return inner
def keeps(kept=HERE): return kept
def decorated(function):
    memo = {}
    @functools.wraps(function)
    def wrapper(*args): return memo or function(*args)
    return wrapper
@decorated
def wrapped(): return helpers
"""


@pytest.fixture
def naming(monkeypatch: pytest.MonkeyPatch) -> Naming:
    library = types.ModuleType("library")
    vars(library).update(THING=object(), OTHER=object())
    monkeypatch.setitem(sys.modules, "library", library)
    made = []
    for name, text in (("helpers", HELPERS), ("plugin", PLUGIN)):
        module = types.ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(text, f"{name}.py", "exec"), vars(module))
        made.append(module)
    return Naming(made)


def functions(naming: Naming, name: str) -> list[types.FunctionType]:
    return [function for function in naming.functions if function.__name__ == name]


def value_of(module: str, name: str) -> object:
    return vars(sys.modules[module])[name]


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("names_a_global", ("plugin", "HERE")),
        ("names_one_of_a_module", ("helpers", "TABLE")),
        ("imports_one", ("helpers", "TABLE")),
        ("names_one_of_a_library", ("library", "THING")),
        ("inside", ("plugin", "HERE")),
        ("keeps", ("plugin", "HERE")),
        ("wrapped", ("plugin", "helpers")),
    ],
)
def test_what_a_name_leads_to_is_found(naming: Naming, function: str, value: tuple[str, str]) -> None:
    found = [each for one in functions(naming, function) for each in naming.values(one)]
    assert any(each is value_of(*value) for each in found)


def test_a_function_that_names_nothing_leads_nowhere(naming: Naming) -> None:
    (function,) = functions(naming, "names_nothing")
    assert (list(naming.names(function)), list(naming.values(function))) == ([], [])


def test_a_text_is_a_name_where_attributes_are_asked_for_by_texts(naming: Naming) -> None:
    by_name = {name: "fetch" in naming.names(*functions(naming, name)) for name in ("asks_by_a_text", "says_a_text")}
    assert by_name == {"asks_by_a_text": True, "says_a_text": False}


def test_names_of_functions_inside_are_those_of_the_outer_one(naming: Naming) -> None:
    assert "fetch" in naming.names(*functions(naming, "inside"))


def test_of_libraries_only_what_code_can_name_is_looked_at(naming: Naming) -> None:
    found = {(module.__name__, name) for module, name, _ in naming.named_of_imported() if module.__name__ == "library"}
    assert found == {("library", "THING")}
