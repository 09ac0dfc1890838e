"""The benchmarks run, on a handful of elements; what they measure is no test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sample_projects import harness

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(bool(harness.missing_needs({"remote": True})), reason="BuildStream builds nothing here"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One round of a layered graph of three elements and of a shape of three, stock and on `threads`."""
    directory = tmp_path_factory.mktemp("bench")
    graph, output = directory / "graph.json", directory / "bench.json"
    graph.write_text(json.dumps({"elements": [[[], []], [[0], []], [[0], [1]]]}))
    words = ["3", "shape", "--graph", graph, "--backends", "threads", "--pairs", "1", "--output", output]
    command = [sys.executable, BENCHMARKS / "build.py", *words]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.with_suffix(".txt").read_text() in done.stdout
    found: dict[str, Any] = json.loads(output.read_text())
    return found


def test_every_variant_of_every_project_is_run_in_every_round(results: dict[str, Any]) -> None:
    runs = [(run["project"], run["variant"], list(run["steps"])) for run in results["runs"]]
    assert runs == [
        ("layered 3", "stock", ["build"]),
        ("layered 3", "threads strict", ["build"]),
        ("shape", "stock", ["build and push", "pull"]),
        ("shape", "threads strict", ["build and push", "pull"]),
    ]


def test_enforced_and_stock_run_the_same_jobs(results: dict[str, Any]) -> None:
    jobs = [[step["jobs"] for step in run["steps"].values()] for run in results["runs"]]
    assert jobs[0] == jobs[1] == [{"Build": 4, "Fetch": 4}]
    pushed = dict.fromkeys(("Pull", "Fetch", "Build", "Push", "Src-push"), 3)
    assert jobs[2] == jobs[3] == [pushed, {"Pull": 3, "Push": 3}]


def test_each_run_has_times_and_sizes(results: dict[str, Any]) -> None:
    for run in results["runs"]:
        for step in run["steps"].values():
            assert 0 < step["start"] < step["run"] < step["wall"]
            assert 0 < step["cpu_main"] < step["cpu_all"]
            assert min(step["pss"], step["processes"], step["samples"]) > 0
