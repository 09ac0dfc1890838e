"""Where no line was seen, the first one that names what was changed stands for it."""

from __future__ import annotations

import types

import pytest

from enforcer.blame.mentions import first_mention, first_mention_of_function, first_use_of_imported, has_word

_TEXT = """
TABLE = {}

class Plug:
    def configure(self, node):
        self.table = TABLE
        self.only_here = 1

    def assemble(self, sandbox):
        self.table["a"] = 1
"""


@pytest.mark.parametrize(("name", "line"), [("table", 10), ("TABLE", 6), ("only_here", 7), ("nowhere", None)])
def test_a_line_that_may_run_in_a_job_comes_before_one_that_does_not(name: str, line: int | None) -> None:
    module = types.ModuleType("plug")
    exec(compile(_TEXT, "plug.py", "exec"), vars(module))
    vars(module)["Plug"].__module__ = "plug"
    place = first_mention([module], name)
    assert (place and place.line) == line


_RENAMED = """
from os import pipe as tube
import os

class Plug:
    def assemble(self, sandbox):
        self.tube = 1
        os.dup(tube())
"""


def test_a_function_is_named_by_what_it_was_imported_as() -> None:
    module = types.ModuleType("plug")
    exec(compile(_RENAMED, "plug.py", "exec"), vars(module))
    vars(module)["Plug"].__module__ = "plug"
    functions = (first_mention, first_mention_of_function, first_use_of_imported)
    found = {name: [find([module], name) for find in functions] for name in ("pipe", "dup", "nowhere")}
    assert {name: [place and place.line for place in places] for name, places in found.items()} == {
        "pipe": [None, 8, 8],
        "dup": [8, 8, None],
        "nowhere": [None, None, None],
    }


@pytest.mark.parametrize(("word", "is_there"), [("acme", True), ("acm", False), ("lock", True), ("2", False)])
def test_a_word_stands_in_a_text_where_it_is_no_part_of_another(word: str, is_there: bool) -> None:
    assert has_word("open('acme_lock.x', f'{x}22')", word) == is_there
