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


CHECKOUT = {
    "project.conf": """\
name: real
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
  sources: [note]
options:
  docs: {type: bool, default: true, description: whether there are some}
artifacts:
- url: https://example.org:11001
junctions: {internal: [self.bst]}
""",
    "plugins/note.py": """\
from buildstream import Source


class Note(Source):
    BST_MIN_VERSION = "2.5"

    def configure(self, node):
        pass

    def preflight(self):
        pass

    def get_unique_key(self):
        return None

    def get_ref(self):
        return "none"

    def is_cached(self):
        return True

    def fetch(self):
        pass

    def stage(self, directory):
        with open(directory + "/note", "w", encoding="utf-8") as file:
            file.write("a note")


def setup():
    return Note
""",
    "elements/app.bst": """\
kind: manual
config: {install-commands: [no-such-program]}
sources:
- {kind: tar, url: 'https://example.org/app.tar', ref: none}
- {kind: note}
build-depends: [base.bst]
(?):
- docs:
    runtime-depends: [docs.bst]
""",
    "elements/base.bst": """\
kind: import
config: {source: nowhere}
sources:
- {kind: remote, url: 'https://example.org/base', ref: none}
public: {bst: {integration-commands: [no-such-program]}}
""",
    "elements/docs.bst": "kind: compose\nbuild-depends: [base.bst]\n",
    "elements/self.bst": """\
kind: junction
sources:
- {kind: local, path: project.conf}
- {kind: local, path: plugins, directory: plugins}
- {kind: local, path: elements, directory: elements}
config: {options: {docs: false}}
""",
    "elements/all.bst": "kind: stack\ndepends: [app.bst, 'self.bst:app.bst']\n",
}
"""A project whose commands and sources are to be had nowhere here."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One round, stock and on `threads`, of a layered graph of three elements, a shape of three, and a checkout."""
    directory = tmp_path_factory.mktemp("bench")
    graph, output = directory / "graph.json", directory / "bench.json"
    graph.write_text(json.dumps({"elements": [[[], []], [[0], []], [[0], [1]]]}))
    for name, text in CHECKOUT.items():
        (directory / "real" / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / "real" / name).write_text(text)
    words = ["3", "shape", directory / "real", "--graph", graph, "--targets", "all.bst"]
    words += ["--backends", "threads", "--pairs", "1", "--output", output]
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
        ("real", "stock", ["build"]),
        ("real", "threads strict", ["build"]),
    ]


def test_enforced_and_stock_run_the_same_jobs(results: dict[str, Any]) -> None:
    jobs = [[step["jobs"] for step in run["steps"].values()] for run in results["runs"]]
    assert jobs[0] == jobs[1] == [{"Build": 4, "Fetch": 4}]
    pushed = dict.fromkeys(("Pull", "Fetch", "Build", "Push", "Src-push"), 3)
    assert jobs[2] == jobs[3] == [pushed, {"Pull": 3, "Push": 3}]


def test_all_that_a_real_project_has_is_built_with_stubs_for_bodies_by_its_options_and_through_its_junctions(
    results: dict[str, Any],
) -> None:
    jobs = [run["steps"]["build"]["jobs"] for run in results["runs"] if run["project"] == "real"]
    # With docs app, base, docs and all; without docs, through the junction, app and base; the junction is fetched.
    assert jobs == [{"Build": 6, "Fetch": 7}, {"Build": 6, "Fetch": 7}]


def test_each_run_has_times_and_sizes(results: dict[str, Any]) -> None:
    for run in results["runs"]:
        for step in run["steps"].values():
            assert 0 < step["start"] < step["run"] < step["wall"]
            assert 0 < step["cpu_main"] < step["cpu_all"]
            assert min(step["pss"], step["processes"], step["samples"]) > 0
