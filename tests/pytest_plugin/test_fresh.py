"""With `--enforce-fresh` each test builds with empty caches, and nobody's are touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pytest_plugin import real

CONFTEST = """
import pathlib, subprocess, sys
import pytest
from buildstream._testing import cli

ARGS = ["--directory", str(pathlib.Path(__file__).parent / "project")]


@pytest.fixture
def is_cached(tmp_path):
    return lambda: in_process("artifact", "checkout", "--directory", str(tmp_path / "out"), "base.bst") == 0


def in_process(*args):
    from buildstream._frontend import cli
    with pytest.raises(SystemExit) as ended:
        cli.main(args=[*ARGS, *args], prog_name="bst")
    return ended.value.code


def in_subprocess(*args):
    return subprocess.run([sys.executable, "-m", "buildstream", *ARGS, *args]).returncode


@pytest.fixture(scope="class")
def built():
    in_process("build", "base.bst")
"""

TESTS = """
from conftest import ARGS, in_process, in_subprocess
import os
import pytest

def test_subprocesses(tmp_path):
    assert in_subprocess("build", "base.bst") == 0
    assert in_subprocess("artifact", "checkout", "--directory", str(tmp_path / "out"), "base.bst") == 0

def test_failing():
    assert in_process("build", "app.bst") != 0

def test_the_next(is_cached):
    assert not is_cached()

class TestFixture:
    def test_first(self, built):
        pass

    def test_second(self, built, is_cached):
        assert is_cached()

def test_configured(cli):
    cli.run(args=[*ARGS, "build", "base.bst"]).assert_success()
    assert os.listdir(os.path.join(cli.directory, "artifacts", "refs")) == ["small"]

@pytest.mark.enforce(mode="off", reason="stock")
def test_off(is_cached):
    assert is_cached()
"""


@pytest.fixture
def usual(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a user who has built `base.bst` of `project` already; `buildstream.conf` names it too."""
    project = real.write(inner.path / "project")
    inner.makeconftest(CONFTEST)
    for kind in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(inner.path / kind.lower()))
    inner.makefile(".conf", buildstream=f"cachedir: {inner.path}/cache/buildstream\nlogdir: {inner.path}/logs\n")
    command = [sys.executable, "-m", "buildstream", "--directory", str(project), "build", "base.bst"]
    subprocess.run(command, check=True, capture_output=True)
    return inner.path / "cache" / "buildstream"


def test_each_test_builds_everything_and_the_usual_cache_stays_as_it_is(
    inner: pytest.Pytester, usual: Path, temporary: Path
) -> None:
    before = contents(usual)
    tests = inner.makepyfile(test_it=TESTS)
    config = ["-o", "enforce_bst_config=buildstream.conf"]
    args = ["--enforce=strict", "--enforce-fresh", "-v", "project/project.conf::base.bst"]
    result = inner.runpytest(*args, *config, tests)
    result.assert_outcomes(failed=1, passed=7)
    result.stdout.fnmatch_lines(
        [
            "enforcement: strict on threads, fresh caches, *",
            "*::base.bst PASSED (2 jobs)*",
            "*::test_subprocesses PASSED (2 jobs)*",
            "*::test_failing FAILED (4 jobs, 1 new violation)*",
            "*::test_first PASSED (2 jobs)*",
            "*::test_configured PASSED (2 jobs)*",
            "  reproduce: pytest --enforce strict --enforce-fresh test_it.py::test_failing",
        ]
    )
    assert contents(usual) == before
    assert list(temporary.iterdir()) == []


def contents(cache: Path) -> dict[Path, bytes]:
    """Every file but those of the logs, which stay where they always are."""
    files = [path for path in cache.rglob("*") if path.is_file() and path.relative_to(cache).parts[0] != "logs"]
    assert files
    return {path: path.read_bytes() for path in files}
