"""A plugin author's own repository and suite, as they are, without and with the flag."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sample_projects import harness

pytest.importorskip("buildstream")

REPOSITORY = harness.SAMPLES / "plugin_author"


def _suite(tmp_path: Path, *options: str) -> tuple[int, dict[str, str], str]:
    """Run the author's suite; exit status, outcome by test name, and what it printed."""
    packages = harness.install_package(REPOSITORY, tmp_path / "packages")
    environment = harness.isolated_environment(tmp_path)
    environment["PYTHONPATH"] = os.pathsep.join([str(packages), *filter(None, [environment.get("PYTHONPATH")])])
    for name in [name for name in environment if name.startswith(("PYTEST_", "COV_"))]:
        del environment[name]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *options],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    told = re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) tests/\S+::(\w+)", done.stdout, re.MULTILINE)
    return done.returncode, {name: outcome for outcome, name in told}, done.stdout + done.stderr


def test_without_the_flag_every_test_passes(tmp_path: Path) -> None:
    status, outcomes, output = _suite(tmp_path)
    assert status == 0, output
    assert len(outcomes) == 7
    assert set(outcomes.values()) == {"PASSED"}


def test_with_the_flag_exactly_the_hazard_fails_in_two_workers(tmp_path: Path) -> None:
    """In one process: the demo, which `test_readme.py` runs."""
    pytest.importorskip("xdist")
    status, outcomes, output = _suite(tmp_path, "--enforce", "strict", "-n", "2")
    assert status == 1, output
    failed = {name for name, outcome in outcomes.items() if outcome != "PASSED"}
    assert failed == {"test_the_version_can_be_exported"}
    assert "1 failed, 6 passed" in output
    assert "foreign-write" in output
    assert "environment['" in output
