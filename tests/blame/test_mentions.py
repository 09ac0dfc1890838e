"""Where no line was seen, the first one that names what was changed stands for it."""

from __future__ import annotations

import types

import pytest

from enforcer.blame.mentions import first_mention

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
