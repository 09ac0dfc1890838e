"""Without `--enforce` the plugin costs nothing; loaded it is always."""

from __future__ import annotations

import subprocess

import pytest

WATCHED_MODULES = """
import subprocess, sys
INIT = subprocess.Popen.__init__

def test_marker_and_fixture_exist(enforcement, request):
    assert enforcement.findings == []
    assert any(line.startswith("enforce(") for line in request.config.getini("markers"))

def test_nothing_is_imported_or_patched():
    assert not [name for name in sys.modules if name.partition(".")[0] in ("enforcer", "buildstream", "grpc")]
    assert subprocess.Popen.__init__.__module__ == "subprocess"
"""

WITHOUT_BUILDSTREAM = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "buildstream":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("args", [[], ["--enforce=off"], ["--enforce=off", "-W", "error", "--strict-markers"]])
def test_neither_enforcer_nor_buildstream_is_imported(inner: pytest.Pytester, args: list[str]) -> None:
    inner.makepyfile(WATCHED_MODULES)
    inner.runpytest_subprocess(*args).assert_outcomes(passed=2)


def test_it_loads_without_buildstream(inner: pytest.Pytester) -> None:
    inner.makepyfile(WATCHED_MODULES, without_buildstream=WITHOUT_BUILDSTREAM)
    inner.syspathinsert()
    inner.runpytest_subprocess("-p", "without_buildstream").assert_outcomes(passed=2)


def test_enforcement_without_buildstream_is_a_usage_error(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "buildstream" else found(name))
    result = inner.runpytest("--enforce=strict")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --enforce=strict needs BuildStream, which is not installed here: pip install BuildStream"]
    )


def test_collect_only_activates_nothing(inner: pytest.Pytester) -> None:
    inner.makeconftest(
        """
        import subprocess, sys
        def pytest_unconfigure():
            assert "enforcer.bst" not in sys.modules
            assert "buildstream" not in sys.modules
            print("NOTHING IMPORTED")
        """
    )
    inner.makepyfile("def test_it(): pass")
    result = inner.runpytest_subprocess(
        "--enforce=strict", "--collect-only", "--enforce-report=json:r.json", "--enforce-min-jobs=9", "-s"
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["NOTHING IMPORTED"])
    result.stdout.no_fnmatch_line("*NOTHING WAS CHECKED*")
    assert not (inner.path / "r.json").exists()


def test_a_user_s_own_module_of_that_name_gives_an_error_that_names_it(inner: pytest.Pytester) -> None:
    inner.makepyfile(pytest_plugin="X = 1", test_it="def test_it(): pass")
    result = inner.runpython_c("import sys; sys.path.insert(0, '.'); import pytest; sys.exit(pytest.main())")
    assert result.ret != 0
    result.stderr.fnmatch_lines(["*No module named 'pytest_plugin.hooks'; 'pytest_plugin' is not a package*"])


def test_popen_is_restored_when_the_run_ends(fake: pytest.Pytester) -> None:
    original = subprocess.Popen.__init__
    fake.makepyfile(
        """
        import subprocess
        def test_it(): assert hasattr(subprocess.Popen.__init__, "__wrapped__")
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(passed=1)
    assert subprocess.Popen.__init__ is original
