"""The hazard table: every sample project under enforcement strict gives what its expected.json says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import enforcer
from enforcer.reports.json_report import schema
from sample_projects import harness
from tests.preloaded import programs

pytest.importorskip("buildstream")

COMMAND = ["python", "-m", "enforcer", "run", "--report", "json:{report}"]
_VALIDATOR = Draft202012Validator(schema())

# `fork` is `pool` with workers for one job: one sample for each way a change can stay or travel, and clean ones.
ON_FORK = (
    *("c_state_own", "class_attr_own", "clean", "clean_project_refs", "environment", "first_holder"),
    *("first_holder_own", "forged_memos", "function_caches", "key_drift_source", "late_thread", "library_memos"),
    *("leaked_process", "left_by_library", "left_open", "lock_table", "module_global", "object_getattribute"),
    *("os_environ", "process_borrowed", "shared_tables", "stored_method", "unshippable"),
)
STARTED = "environment"
"""The one whose processes are begun by Python, as a user's are."""
RUNS = [
    *((name, backend) for name in harness.names() for backend in ("pool", "threads")),
    *((name, "fork") for name in ON_FORK),
]


@pytest.mark.parametrize(("name", "backend"), RUNS)
def test_the_sample_gives_what_it_says(
    name: str, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = harness.missing_needs(harness.load_expected(name))
    if missing:
        pytest.skip("; ".join(missing))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(enforcer.__file__).parents[1]), *_python_path()]))
    start = subprocess.Popen if name == STARTED else programs.Popen
    run = harness.run_sample(name, tmp_path, [*COMMAND, "--backend", backend, "--"], start=start)
    assert run.differences() == [], run.steps[-1].output
    for step in run.steps:
        assert step.report is not None
        assert [error.message for error in _VALIDATOR.iter_errors(step.report)] == []
        assert step.report["errors"] == []
        assert "BUG" not in step.output


@pytest.mark.parametrize("name", ["left_open", "left_by_library"])
def test_what_is_left_is_told_in_the_same_words_in_each_run(name: str, tmp_path: Path) -> None:
    runs = [
        harness.run_sample(name, tmp_path / number, [*COMMAND, "--backend", "threads", "--"], start=programs.Popen)
        for number in ("one", "two")
    ]
    one, two = ([step.report["violations"] for step in run.steps if step.report] for run in runs)
    assert one
    assert one == two


def _python_path() -> list[str]:
    return list(filter(None, [os.environ.get("PYTHONPATH")]))


def test_every_demonstrator_of_the_hazard_list_has_a_sample() -> None:
    rows = {row for name in harness.names() for row in harness.load_expected(name)["rows"]}
    assert rows >= set(range(1, 26))
