"""A clean project is clean too where a remote service runs its commands."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

import enforcer
from sample_projects import harness
from tests.preloaded import programs

pytest.importorskip("buildstream")

_SERVICES = ("execution-service", "storage-service", "action-cache-service")


@pytest.mark.parametrize("backend", ["threads", "pool"])
def test_a_clean_project_is_clean_on_remote_execution(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing := harness.missing_needs({"needs": ["sandbox"], "remote": True}):
        pytest.skip("; ".join(missing))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(enforcer.__file__).parents[1]), *_python_path()]))
    command = ["python", "-m", "enforcer", "run", "--backend", backend, "--report", "json:{report}", "--"]
    steps = [["source", "track", "tarball.bst", "remote.bst"], ["build", "all.bst"]]
    with harness.start_remote(tmp_path, builds=True) as address:
        config = _remote_execution(address)
        project = harness.copy_sample("clean", tmp_path)
        ran = harness.run_steps(project, tmp_path, steps, command, user_config=config, start=programs.Popen)
    assert [step.returncode for step in ran] == [0, 0], ran[-1].output
    assert "Waiting for the remote build to complete" in ran[-1].output
    report = ran[-1].report
    assert report is not None
    assert report["violations"] == []
    fills = Counter({fill["attribute"]: fill["count"] for fill in report["core_fills"]})
    assert fills["remote credentials"] > 0


def _remote_execution(address: str) -> str:
    services = [f"  {name}:\n    url: {address}" for name in _SERVICES]
    return "\n".join(["remote-execution:", *services, ""])


def _python_path() -> list[str]:
    return list(filter(None, [os.environ.get("PYTHONPATH")]))
