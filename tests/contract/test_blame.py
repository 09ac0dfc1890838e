"""Every way to write is blamed on its line, on every backend."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData

from tests.contract.writing import (
    BEYOND,
    FORMS,
    HIDDEN,
    MARKS,
    SEEN,
    SOURCE_FORMS,
    TAKEN,
    environment,
    for_bst,
    make_project,
)
from tests.preloaded import programs

# `fork` is `pool` with workers for one job, and follows lines by the same code: of each kind of way to write, some.
ON_FORK = (
    *("attribute", "later_line", "dict_update", "list_append", "generator", "coroutine", "finalizer", "base_class"),
    *("helper_module", "method_of_victim", "thread", "executor", "raw_thread", "pool_of_threads", "integrate"),
    *("set_public_data", "plain_then_core", "own_class", "own_class_by_dunder", "class_of_core", "class_body"),
    *("global_statement", "module_of_core", "import_module", "environ", "chdir", "project", "context"),
    *("kept_environment", "kept_table", HIDDEN, TAKEN, BEYOND),
)
RUNS = [(form, backend) for backend in ("threads", "pool") for form in SEEN]
RUNS += [(form, "fork") for form in SEEN if form in {*ON_FORK, *SOURCE_FORMS}]

Findings = dict[str, list[dict[str, Any]]]


def _run(
    directory: Path, project: Path, backend: str, options: list[str], args: list[str], python: Sequence[str] = ()
) -> Findings:
    report = directory / "report.json"
    command = [sys.executable, *python, "-m", "enforcer", "run", "--backend", backend, "--collect", *options]
    command += ["--report", f"json:{report}", "--", *for_bst(directory, project), *args]
    variables = environment(directory, ENFORCER_COSTS=str(directory / "costs.json"))
    # What coverage measures it measures from its start.
    start = subprocess.run if python else programs.run
    done = start(command, env=variables, capture_output=True, text=True, timeout=200, check=False)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert (done.returncode, told["errors"]) == (int(bool(told["violations"])), []), done.stderr
    found: Findings = {}
    for violation in told["violations"]:
        for example in violation["examples"]:
            found.setdefault(example["element"].removesuffix(".bst"), []).append(violation)
    return found


@pytest.fixture(scope="module")
def findings_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Findings]:
    """What the forms give on a backend; one build a backend."""

    @functools.cache
    def run(backend: str) -> Findings:
        directory = tmp_path_factory.mktemp(backend)
        project = make_project(directory)
        forms = [*(ON_FORK if backend == "fork" else FORMS), *SOURCE_FORMS]
        built = [f"{form}.bst" for form in forms if form != "source_track"]
        # Two build nothing by themselves: all others are built whenever these fail.
        found = _run(directory, project, backend, [], ["--on-error", "continue", "build", *built])
        return found | _run(directory, project, backend, [], ["source", "track", "source_track.bst"])

    return run


@pytest.mark.parametrize(("form", "backend"), RUNS)
def test_the_line_that_writes_is_named(form: str, backend: str, findings_of: Callable[[str], Findings]) -> None:
    found = findings_of(backend).get(form, [])
    assert found, "it is not found at all"
    expected = MARKS[form]
    for violation in found:
        site = violation["site"]
        assert site is not None, violation["unblamed"]
        where = f"{site['file']}:{site['line']}"
        assert where == expected.get(violation["path"], expected.get(None)), site
    assert set(expected) <= {None, *(violation["path"] for violation in found)}


def test_core_is_named_where_it_writes_for_a_plugin_and_nowhere_else(
    backend: str, findings_of: Callable[[str], Findings]
) -> None:
    named = {
        (form, violation["path"]): violation["core"]
        for form, found in findings_of(backend).items()
        for violation in found
    }
    core = named.pop(("set_public_data", "public['acme']"))
    assert named.pop(("plain_then_core", "public['acme']")) == core
    assert (core["function"], core["code"].split(" = ")[0]) == ("set_public_data", "self.__dynamic_public[domain]")
    assert set(named.values()) == {None}


def test_what_was_not_seen_says_so(backend: str, findings_of: Callable[[str], Findings]) -> None:
    (violation,) = findings_of(backend)[HIDDEN]
    assert violation["site"] is None
    unseen = "no line of the job's plugin code was seen changing it; blame rerun would look at every line"
    assert violation["unblamed"] == unseen


def _sites(found: list[dict[str, Any]]) -> dict[str, str | None]:
    sites = {violation["path"]: violation["site"] for violation in found}
    return {path: site and f"{site['file']}:{site['line']}" for path, site in sites.items()}


def test_a_job_of_many_lines_is_followed_up_to_a_bound_and_what_comes_later_says_so(
    backend: str, findings_of: Callable[[str], Findings]
) -> None:
    found = findings_of(backend)[BEYOND]
    assert _sites(found) == {**MARKS[BEYOND], "table['d']": None}
    (later,) = (violation for violation in found if violation["site"] is None)
    assert later["obtained"]["code"] == "table = raw.table"
    assert later["unblamed"] == (
        "following the lines of its job was given up when it had cost too much; blame full would follow all"
    )


def test_full_follows_all_lines_of_a_job(tmp_path: Path, backend: str) -> None:
    found = _run(tmp_path, make_project(tmp_path), backend, ["--blame", "full"], ["build", f"{BEYOND}.bst"])
    assert _sites(found[BEYOND]) == MARKS[BEYOND]


def test_after_another_tracer_took_over_no_line_is_blamed_wrongly(
    backend: str, findings_of: Callable[[str], Findings]
) -> None:
    (violation,) = findings_of(backend)[TAKEN]
    if sys.version_info >= (3, 12):
        assert f"{violation['site']['file']}:{violation['site']['line']}" == MARKS[TAKEN][None]
    else:
        assert violation["site"] is None
        assert "another trace function" in violation["unblamed"]


def test_where_it_was_obtained_is_the_first_line_that_reached(
    backend: str, findings_of: Callable[[str], Findings]
) -> None:
    found = findings_of(backend)
    expected = {
        "later_line": "env = dep.get_environment()",
        "base_class": 'self.put(raw.table, "c")',
        "own_class_by_dunder": "cls = self.__class__",
    }
    assert {form: found[form][0]["obtained"]["code"] for form in expected} == expected


def _one(tmp_path: Path, backend: str, blame: str, form: str) -> dict[str, Any]:
    found = _run(tmp_path, make_project(tmp_path), backend, ["--blame", blame], ["build", f"{form}.bst"])
    (violation,) = found[form]
    return violation


def test_touch_keeps_where_it_was_obtained_and_off_nothing(tmp_path: Path, backend: str) -> None:
    touch = _one(tmp_path / "touch", backend, "touch", "later_line")
    assert (touch["site"], touch["unblamed"]) == (None, "blame is touch")
    assert touch["obtained"]["code"] == "env = dep.get_environment()"
    off = _one(tmp_path / "off", backend, "off", "later_line")
    assert (off["site"], off["obtained"], off["unblamed"]) == (None, None, "blame is off")


def test_another_run_shows_what_was_not_seen_and_publishes_nothing(tmp_path: Path, process_backend: str) -> None:
    violation = _one(tmp_path, process_backend, "rerun", HIDDEN)
    assert f"{violation['site']['file']}:{violation['site']['line']}" == MARKS[HIDDEN][None]
    assert violation["unblamed"] is None
    logs = [path.name for path in (tmp_path / "logs").rglob("*-build.*.log")]
    assert len(logs) == 2, "one of the victim, one of the form"
    refs = [path for path in (tmp_path / "cache" / "artifacts" / "refs").rglob("*") if path.is_file()]
    assert {path.parts[-2] for path in refs} == {"base", HIDDEN}
    assert not list((tmp_path / "cache").glob("enforcer-held*"))


def test_a_job_that_touches_nothing_foreign_is_not_followed(tmp_path: Path, backend: str) -> None:
    project = make_project(tmp_path)
    assert _run(tmp_path, project, backend, [], ["build", "base.bst"]) == {}
    assert "followed jobs" not in json.loads((tmp_path / "costs.json").read_text(encoding="utf-8"))
    _run(tmp_path, project, backend, [], ["build", "later_line.bst"])
    assert json.loads((tmp_path / "costs.json").read_text(encoding="utf-8"))["followed jobs"] == 1


def test_coverage_measures_the_same_lines_of_plugins_beside_it(tmp_path: Path) -> None:
    measured = {}
    for blame in ("off", "live"):
        directory = tmp_path / blame
        data = directory / "data"
        coverage = ["-m", "coverage", "run", "--data-file", str(data), "--include", "*/forms.py,*/_forms_helper.py"]
        built = ["--on-error", "continue", "build", "helper_loop.bst", "thread.bst", "own_class.bst"]
        found = _run(directory, make_project(directory), "threads", ["--blame", blame], built, coverage)
        sites = [violation["site"] for violations in found.values() for violation in violations]
        assert (None not in sites) == (blame == "live")
        measured[blame] = _lines_in(data)
    assert measured["live"] == measured["off"]
    assert any(name == "_forms_helper.py" and lines for name, lines in measured["live"].items())


def _lines_in(data_file: Path) -> dict[str, set[int]]:
    data = CoverageData(str(data_file))
    data.read()
    return {Path(name).name: set(data.lines(name) or ()) for name in data.measured_files()}
