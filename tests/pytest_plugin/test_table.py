"""The plugin's table of options is the enforcer's, although a run that enforces nothing imports no `enforcer`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from enforcer.settings.option_table import OPTIONS
from pytest_plugin import table


def test_it_is_the_table_of_the_enforcer() -> None:
    assert table.options() == OPTIONS
    assert [option.help_in_pytest for option in table.options()] == [option.help_in_pytest for option in OPTIONS]


def test_reading_it_imports_no_enforcer() -> None:
    code = "import sys; from pytest_plugin import table; table.options(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pytest_plugin.table" in done.stdout.split()
    assert "enforcer" not in done.stdout


def test_a_user_s_own_module_of_the_name_enforcer_is_in_nobody_s_way(inner: pytest.Pytester) -> None:
    inner.makepyfile(enforcer="X = 1", test_it="import enforcer\ndef test_it(): assert enforcer.X == 1")
    result = inner.runpython_c(
        "import sys; sys.path.insert(0, '.'); import pytest; sys.exit(pytest.main(['test_it.py']))"
    )
    result.assert_outcomes(passed=1)
