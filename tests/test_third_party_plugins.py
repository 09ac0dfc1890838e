"""Plugins of PyPI that know nothing of enforcement: under enforcement strict nothing of theirs fails."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import enforcer
from tests.preloaded import programs

PROJECT = Path(__file__).parent / "outside" / "third_party_plugins"
EXPECTED = json.loads((PROJECT / "expected.json").read_text(encoding="utf-8"))


def _lacking() -> list[str]:
    programs = [program for program in EXPECTED["requires"]["programs"] if shutil.which(program) is None]
    names = [package.partition("[")[0].partition("=")[0] for package in EXPECTED["requires"]["packages"]]
    installed = {distribution.name.lower() for distribution in metadata.distributions()}
    return programs + [name for name in names if name not in installed]


@pytest.fixture(scope="module")
def prepare() -> Any:
    spec = importlib.util.spec_from_file_location("_prepare_third_party", PROJECT / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project(prepare: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if _lacking():
        pytest.skip(f"not installed: {', '.join(_lacking())}")
    if metadata.version("BuildStream").startswith(("2.5.", "2.6.")):
        pytest.skip("collect_manifest of buildstream-plugins-community needs BuildStream 2.7")
    copy = tmp_path_factory.mktemp("third_party") / "project"
    shutil.copytree(PROJECT, copy)
    prepare.prepare(copy)
    return copy


def _enforced(project: Path, args: list[str]) -> dict[str, Any]:
    """Run one step in the project; its JSON report."""
    report = project.parent / "report.json"
    config = project.parent / "buildstream.conf"
    names = ("cachedir", "sourcedir", "logdir", "workspacedir")
    config.write_text("\n".join(f"{name}: {project.parent / name}" for name in names) + "\n", encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(Path(enforcer.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "enforcer", "run", "--report", f"json:{report}", "--"]
    done = programs.run(
        [*command, "--no-interactive", "--no-colors", "--config", str(config), *args],
        cwd=project,
        env={**os.environ, "PYTHONPATH": path, "HOME": str(project.parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert found["errors"] == []
    return found


def test_no_finding_on_plugins_that_work_from_files(project: Path) -> None:
    reports = [_enforced(project, step) for step in EXPECTED["steps"]]
    assert [report["violations"] for report in reports] == [[] for _ in reports]
    assert sum(report["summary"]["checked"] for report in reports) > 100


def test_no_finding_on_plugins_that_need_a_server(project: Path, prepare: Any) -> None:
    with prepare.serve(project):
        for step in EXPECTED["served"]["steps"]:
            assert _enforced(project, step)["violations"] == []


def test_plugins_that_keep_tables_of_locks_are_warned_of_these_and_of_nothing_else(project: Path, prepare: Any) -> None:
    with prepare.serve(project):
        reports = [_enforced(project, step) for step in EXPECTED["lock_tables"]["steps"]]
    found = [violation for report in reports for violation in report["violations"]]
    assert {violation["rule"] for violation in found} == {"process-local-lock"}
    tables = {f"{violation['owner']['name']}.{violation['path']}" for violation in found}
    assert tables == set(EXPECTED["lock_tables"]["tables"])
