"""Why a run did not run all the tests that there are, as the report says it. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection
from pathlib import Path

import pytest

from pytest_plugin import options

# With these, pytest leaves out files without saying which tests that were.
_HIDING = {"lf": "--lf", "stepwise": "--stepwise", "ignore": "--ignore", "ignore_glob": "--ignore-glob"}
_DESELECTING = {"keyword": "-k", "markexpr": "-m", "deselect": "--deselect"}


def of_collection(config: pytest.Config, deselected: int) -> set[str]:
    """The reason that `deselected` of the collected tests were taken out again is one."""
    if deselected <= 0:
        return set()
    named = [f"{option} {value!r}" for name, option in _DESELECTING.items() if (value := config.getoption(name, None))]
    cause = f" ({', '.join(named)})" if named else ""
    return {f"{deselected} tests were deselected{cause}" if deselected > 1 else f"1 test was deselected{cause}"}


def of_session(session: pytest.Session, ended: Collection[str]) -> set[str]:
    """The reasons that show when the run is over; `ended` are the ids of the tests that ran to their end."""
    config = session.config
    reasons = {option for name, option in _HIDING.items() if config.getoption(name, None)}
    if session.testsfailed:
        reasons.add(f"{session.testsfailed} tests failed" if session.testsfailed > 1 else "1 test failed")
    if len(ended) < session.testscollected:
        reasons.add(f"{session.testscollected - len(ended)} of {session.testscollected} tests did not run to their end")
    if named := _narrower(config):
        reasons.add(f"only {' '.join(named)} was to run")
    return reasons


def _narrower(config: pytest.Config) -> list[str]:
    """The arguments of the command line, where there are tests beyond them; a whole project is no part of the tests."""
    start = config.invocation_params.dir
    tests = [arg for arg in config.args if "::" in arg or not options.is_project(arg)]
    if not tests and config.args:
        return []
    covered = [Path(os.path.normpath(start / arg)) for arg in tests if "::" not in arg]
    if all(any(path.is_relative_to(each) for each in covered) for path in _all_tests(config)):
        return []
    return [os.path.relpath(arg, start) if os.path.isabs(arg) else arg for arg in tests]


def _all_tests(config: pytest.Config) -> list[Path]:
    """Where the tests are: in `testpaths`, or anywhere."""
    root = config.rootpath
    found = [path for pattern in config.getini("testpaths") for path in glob.glob(str(root / pattern), recursive=True)]
    return [Path(os.path.normpath(path)) for path in found] or [root]
