"""What runs in a worker is measured as it is where jobs are threads, with nothing to configure."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from coverage import CoverageData

from tests.contract.writing import environment, for_bst, make_project
from tests.pytest_plugin import real

_FORMS = ("helper_loop.bst", "thread.bst", "own_class.bst", "generator.bst")

_TEST = """
from conftest import PROJECT

def test_it(cli):
    cli.run(project=str(PROJECT), args=["build", "app.bst"])
"""

Lines = dict[str, frozenset[int]]


def _coverage(directory: Path, options: list[str], command: list[str]) -> CoverageData:
    """Measure a command with `coverage run`."""
    return _measured(directory, ["coverage", "run", *options, "-m", *command])[0]


def _measured(directory: Path, command: list[str], **variables: str) -> tuple[CoverageData, str]:
    """What a command leaves and prints; an own configuration, and an empty environment of the user."""
    variables = environment(directory, COVERAGE_FILE=str(directory / "data"), **variables)
    variables.pop("PYTEST_ADDOPTS", None)
    words = [sys.executable, "-m", *command]
    done = subprocess.run(words, cwd=directory, env=variables, capture_output=True, text=True, timeout=200, check=False)
    data = CoverageData(str(directory / "data"))
    data.read()
    assert data, done.stdout + done.stderr
    return data, done.stdout + done.stderr


def _lines_in(data: CoverageData) -> Lines:
    return {Path(name).name: frozenset(data.lines(name) or ()) for name in data.measured_files()}


@pytest.fixture(scope="module")
def lines_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Lines]:
    """The lines of plugins that a build runs on a backend, measured with some options."""

    @cache
    def run(backend: str, options: str) -> Lines:
        directory = tmp_path_factory.mktemp(backend)
        project = make_project(directory)
        # Where our own coverage follows the same lines.
        own = ["--coverage"] if backend != "threads" else []
        command = ["enforcer", "run", "--backend", backend, "--mode", "discard", *own, "--"]
        command += [*for_bst(directory, project), "build", *_FORMS]
        return _lines_in(_coverage(directory, options.split(), command))

    return run


@pytest.mark.parametrize("options", ["--include */plugins/*.py", "--branch --source project/plugins"])
def test_the_same_lines_of_plugins_are_measured_as_in_threads(
    process_backend: str, options: str, lines_of: Callable[[str, str], Lines]
) -> None:
    expected = lines_of("threads", options)
    assert expected["_forms_helper.py"], "the build ran nothing that a job runs"
    assert lines_of(process_backend, options) == expected


def test_a_worker_is_not_measured_where_nobody_measures(tmp_path: Path, process_backend: str) -> None:
    script = "import sys; from enforcer.bst.forked.job_coverage import Measuring, add_measured, current_context\n"
    script += "with Measuring().job(None) as measured: pass\n"
    script += (
        "add_measured(measured); assert (measured, current_context(), 'coverage' in sys.modules) == ([], None, False)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _write_suite(directory: Path) -> None:
    real.write(directory / "project")
    (directory / "conftest.py").write_text(real.CONFTEST, encoding="utf-8")
    (directory / "test_it.py").write_text(_TEST, encoding="utf-8")


def test_a_tests_context_is_extended_by_the_element_and_the_action(tmp_path: Path, process_backend: str) -> None:
    _write_suite(tmp_path)
    (tmp_path / "rc").write_text("[run]\ndynamic_context = test_function\n", encoding="utf-8")
    command = ["pytest", "-p", "no:cacheprovider", "--enforce", "soft", "--enforce-backend", process_backend]
    data = _coverage(tmp_path, ["--rcfile", "rc", "--include", "*/hazard.py"], command)
    (plugin,) = data.measured_files()
    line = next(n for n, text in enumerate(Path(plugin).read_text().splitlines(), 1) if "dep.get_environment" in text)
    assert data.contexts_by_lineno(plugin)[line] == ["test_it.test_it|app.bst|Build"]


_PYTEST_COV = ["pytest", "-p", "no:cacheprovider", "-W", "error", "--cov=project/plugins", "--cov-context=test"]


@pytest.mark.parametrize(("backend", "others"), [("pool", ["-n", "1"]), ("fork", ["--cov-branch"])])
def test_pytest_cov_measures_jobs_as_well(tmp_path: Path, backend: str, others: list[str]) -> None:
    _write_suite(tmp_path)
    options = ["--enforce", "strict", "--enforce-collect", "--enforce-backend", backend, *others]
    data, output = _measured(tmp_path, [*_PYTEST_COV, "--cov-report=term-missing", *options])
    assert re.search(r"^project/plugins/hazard.py +\d+ +0 .*100%$", output, re.MULTILINE), output
    (plugin,) = data.measured_files()
    line = next(n for n, text in enumerate(Path(plugin).read_text().splitlines(), 1) if "dep.get_environment" in text)
    assert data.contexts_by_lineno(plugin)[line] == ["test_it.py::test_it|run|app.bst|Build"]
    assert data.has_arcs() is ("--cov-branch" in others)


def _statements_of(method: str, file: str) -> set[int]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    (found,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == method)
    return {statement.lineno for statement in found.body}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python has no sys.monitoring")
def test_where_the_core_has_no_contexts_that_is_said(tmp_path: Path) -> None:
    _write_suite(tmp_path)
    options = ["--enforce", "soft", "--enforce-backend", "pool", "-W", "default"]
    data, output = _measured(tmp_path, [*_PYTEST_COV, *options], COVERAGE_CORE="sysmon")
    (plugin,) = data.measured_files()
    assert set(data.lines(plugin) or ()) >= _statements_of("assemble", plugin)
    assert "contexts aren't supported with core=sysmon" in output
