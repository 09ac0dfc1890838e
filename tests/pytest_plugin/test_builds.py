"""Real builds, in all three forms, are watched: few inner runs, each with many claims."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.pytest_plugin import real

FINDING = "foreign-write  app.bst (hazard) changed base.bst in its Build job"

IN_PROCESS = """
from conftest import PROJECT
import subprocess, sys
import pytest

def test_clean(cli):
    cli.run(project=PROJECT, args=["build", "clean.bst"]).assert_success()

def test_hazard(cli):
    result = cli.run(project=PROJECT, args=["build", "app.bst"])
    assert result.exit_code != 0
    assert "foreign-write" in result.stderr
    assert "SEEN BY THE PLUGIN [] AND ITS HOST PYTHON []" in result.stderr

@pytest.mark.xfail(reason="known")
def test_xfail(cli):
    cli.run(project=PROJECT, args=["build", "app.bst"])

def test_expected(cli, enforcement):
    with enforcement.expects("foreign-write", owner="base.bst", path="environment[*]") as found:
        cli.run(project=PROJECT, args=["build", "app.bst"])
    assert found[0].after == "'X'"

@pytest.mark.enforce(mode="soft", reason="old")
def test_soft(cli):
    cli.run(project=PROJECT, args=["build", "top.bst"]).assert_success()

@pytest.mark.enforce(allow=["foreign-write base.bst environment['FOO']"], reason="fine")
def test_allowed(cli):
    cli.run(project=PROJECT, args=["build", "top.bst"]).assert_success()

@pytest.mark.enforce(mode="off", reason="stock")
def test_off(cli):
    result = cli.run(project=PROJECT, args=["build", "top.bst"])
    result.assert_success()
    assert "foreign-write" not in result.stderr

def test_entry_point(tmp_path, capfd):
    from buildstream._frontend import cli
    with pytest.raises(SystemExit) as exit:
        cli.main(args=["--directory", str(PROJECT), "build", "app.bst"], prog_name="bst")
    assert exit.value.code != 0
"""

SUBPROCESS = """
from conftest import BST, PROJECT
import os, shlex, subprocess, sys, asyncio
import pytest

def test_script(bst):
    result = bst("build", "app.bst")
    assert result.returncode != 0
    assert "foreign-write" in result.stderr
    assert "SEEN BY THE PLUGIN [] AND ITS HOST PYTHON []" in result.stderr

def test_clean(bst):
    assert bst("build", "clean.bst", command=[sys.executable, "-m", "buildstream"]).returncode == 0

@pytest.mark.enforce(mode="soft", reason="old")
def test_soft(bst):
    assert bst("build", "app.bst").returncode == 0

def test_expected(bst, enforcement):
    with enforcement.expects("foreign-write", owner="base.bst"):
        bst("build", "app.bst", env={**os.environ, "PYTHONPATH": str(PROJECT)})

def test_own_environment_is_untouched(bst):
    bst("--version")
    assert "ENFORCER_SUBPROCESS" not in os.environ
    assert "subprocess_activation" not in os.environ.get("PYTHONPATH", "")

def test_without_enforcer(bst):
    # -I: as a bst in an environment of its own would be.
    assert bst("build", "clean.bst", command=[sys.executable, "-I", BST]).returncode == 0

def test_cleared(bst):
    home = {name: value for name, value in os.environ.items() if name.startswith(("XDG", "HOME", "PATH"))}
    words = ["env", "-i", *(f"{name}={value}" for name, value in home.items() if name != "PYTHONPATH"), BST]
    assert bst("build", "clean.bst", command=words).returncode == 0
"""


NESTED = """
from conftest import PROJECT, cli

INNER = '''
import sys
sys.path.insert(0, {path!r})
from conftest import PROJECT, cli
def test_inner(cli, tmp_path):
    cli.run(project=PROJECT, args=["build", "app.bst"])
'''

def test_judged_inside(pytester, cli):
    pytester.makepyfile(INNER.format(path=str(PROJECT.parent)))
    pytester.runpytest_inprocess("--enforce=soft").assert_outcomes(passed=1, warnings=1)
    cli.run(project=PROJECT, args=["build", "clean.bst"]).assert_success()

def test_judged_outside(pytester):
    pytester.makepyfile(INNER.format(path=str(PROJECT.parent)))
    pytester.runpytest_inprocess().assert_outcomes(passed=1)
"""


def run(inner: pytest.Pytester, tests: str, *args: str) -> tuple[pytest.RunResult, dict[str, Any]]:
    real.write(inner.path / "project")
    inner.makeconftest(real.CONFTEST)
    inner.makepyfile(test_it=tests)
    # BuildStream before 2.7 has its frontend warned by a newer click.
    quiet = [f"-Wignore::DeprecationWarning:buildstream._frontend.{module}" for module in ("cli", "complete")]
    result = inner.runpytest_subprocess("--enforce=strict", "--enforce-report=json:r.json", "-ra", *quiet, *args)
    return result, json.loads((inner.path / "r.json").read_text())


def test_builds_in_this_process_and_in_two_workers(inner: pytest.Pytester) -> None:
    result, report = run(inner, IN_PROCESS, "--enforce-coverage")
    result.assert_outcomes(failed=2, passed=5, xfailed=1, warnings=1)
    check_coverage(result, report)
    assert report["verdict"] == "failed"
    assert len(report["graph"]["names"]) == report["summary"]["elements"] > 0
    assert any(report["graph"]["dependencies"])
    assert sorted(_nodeids(report, allowed=False)) == ["test_it.py::test_entry_point", "test_it.py::test_hazard"]
    assert sorted(violation["allowed"] for violation in report["violations"] if violation["allowed"]) == [
        "expected by the test",
        "fine",
        "old",
        "xfail: known",
    ]

    spread, report_of_two = run(inner, IN_PROCESS, "--enforce-coverage", "-n2")
    spread.assert_outcomes(failed=2, passed=5, xfailed=1, warnings=1)
    del report["command"], report_of_two["command"]
    assert report_of_two == report


def test_builds_in_bst_processes(inner: pytest.Pytester) -> None:
    result, report = run(inner, SUBPROCESS, "--enforce-coverage")
    result.assert_outcomes(failed=1, passed=6, warnings=1)
    check_coverage(result, report)
    result.stdout.fnmatch_lines([FINDING])
    assert _nodeids(report, allowed=False) == ["test_it.py::test_script"]
    # The two that nobody could watch are named, whatever their tests say.
    why = "enforcement was not in its environment (was that cleared?)"
    assert report["unwatched"] == [
        f"{why}: bst --no-colors --directory project build clean.bst (in test_it.py::test_cleared)",
        f"{why}: bst --no-colors --directory project build clean.bst (in test_it.py::test_without_enforcer)",
    ]
    result.stdout.fnmatch_lines(["NOT WATCHED: enforcement was not in its environment*"])


def test_where_the_cli_fixture_cannot_say_how_a_build_failed_the_finding_does(inner: pytest.Pytester) -> None:
    """BuildStream's own words for it are about something else."""
    tests = """
import os
del os.environ["BST_TEST_SUITE"]
from conftest import PROJECT

def test_hazard(cli):
    cli.run(project=PROJECT, args=["build", "app.bst"])

def test_own_failure(cli):
    cli.run(project=PROJECT, args=["build", "missing.bst"])
"""
    result, _ = run(inner, tests)
    result.assert_outcomes(failed=2)
    ours, own = [line for line in sorted(result.outlines) if line.startswith("FAILED ")]
    assert own.startswith("FAILED test_it.py::test_own_failure - buildstream._exceptions.BstError: ")
    assert ours.startswith("FAILED test_it.py::test_hazard - plugins/hazard.py:")
    failure = result.stdout.str().partition("_ test_hazard _")[2].partition("_ test_own_failure _")[0]
    assert FINDING in failure
    assert "the test ended with this build: BuildStream's fixture `cli` tells how a build failed only where" in failure
    assert "Getting the last task error" not in failure


def test_nested_runs_have_the_builds_of_their_own(inner: pytest.Pytester) -> None:
    result, report = run(inner, NESTED, "-p", "pytester")
    result.assert_outcomes(failed=1, passed=1)
    assert _nodeids(report, allowed=False) == ["test_it.py::test_judged_outside"]


def check_coverage(result: pytest.RunResult, report: dict[str, Any]) -> None:
    """What all builds of all tests ran counts together."""
    result.stdout.fnmatch_lines(["plugin code in checked jobs: 1 of 1 plugin, 3 of 3 methods, * lines"])
    (hazard,) = (each for each in report["coverage"]["plugins"] if each["kind"] == "hazard")
    assert {method["state"] for method in hazard["methods"]} == {"ran", "outside"}


def _nodeids(report: dict[str, Any], allowed: bool) -> list[str]:
    return [
        example["nodeid"]
        for violation in report["violations"]
        if (violation["allowed"] is not None) is allowed
        for example in violation["examples"]
    ]
