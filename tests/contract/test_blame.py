"""Every way to write is blamed on its line, on every backend."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import enforcer

_ROOT = Path(enforcer.__file__).parents[1]
_WRITES = Path(__file__).parent / "writes"
_MARK = re.compile(r"# <-(?: (?P<label>.+))?$")
_FUNCTION = re.compile(r"def (?P<name>\w+)\(self, dep, raw, sandbox")

Findings = dict[str, list[dict[str, Any]]]


def _marks() -> dict[str, dict[str | None, str]]:
    """For each form, where it writes: `FILE:LINE`, by path if it writes more than one."""
    found: dict[str, dict[str | None, str]] = {}
    for file in sorted(_WRITES.glob("plugins/*.py")):
        form = ""
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if match := _FUNCTION.match(line):
                form = match["name"]
            if match := _MARK.search(line):
                where = f"plugins/{file.name}:{number}"
                if file.name == "forms.py":
                    found.setdefault(form, {})[match["label"]] = where
                else:
                    found.setdefault(str(match["label"]), {})[None] = where
    found["executor"] = found["helper_module"]
    return found


MARKS = _marks()
SOURCE_FORMS = [form for form in MARKS if form.startswith("source_")]
FORMS = [form for form in MARKS if form not in SOURCE_FORMS]
JUMPS_BACK = {"with_exit"}
"""Where the line that is left last is the one to name, and older versions of Python tell another one."""


def _make_project(directory: Path) -> Path:
    project = directory / "project"
    shutil.copytree(_WRITES, project)
    elements = project / "elements"
    elements.mkdir()
    (elements / "base.bst").write_text("kind: victim\n", encoding="utf-8")
    for form in FORMS:
        text = f"kind: forms\nconfig:\n  form: {form}\nbuild-depends:\n- base.bst\n"
        (elements / f"{form}.bst").write_text(text, encoding="utf-8")
    for form in SOURCE_FORMS:
        when = form.removeprefix("source_")
        ref = "" if when == "track" else "\n  ref: '1'"
        text = f"kind: import\nsources:\n- kind: feeds\n  when: {when}{ref}\n"
        (elements / f"{form}.bst").write_text(text, encoding="utf-8")
    return project


def _run(directory: Path, project: Path, backend: str, options: list[str], args: list[str]) -> Findings:
    config = directory / "buildstream.conf"
    config.write_text(f"cachedir: {directory}/cache\nlogdir: {directory}/logs\n", encoding="utf-8")
    report = directory / "report.json"
    command = [sys.executable, "-m", "enforcer", "run", "--backend", backend, "--collect", *options]
    command += ["--report", f"json:{report}", "--", "--config", str(config), "--directory", str(project), *args]
    paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "HOME": str(directory), "PYTHONPATH": paths}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert (done.returncode, told["errors"]) == (1, []), done.stderr
    found: Findings = {}
    for violation in told["violations"]:
        for example in violation["examples"]:
            found.setdefault(example["element"].removesuffix(".bst"), []).append(violation)
    return found


@pytest.fixture(scope="module")
def findings_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Findings]:
    """What all forms give on a backend; one build a backend."""

    @functools.cache
    def run(backend: str) -> Findings:
        directory = tmp_path_factory.mktemp(backend)
        project = _make_project(directory)
        built = [f"{form}.bst" for form in [*FORMS, *SOURCE_FORMS] if form != "source_track"]
        found = _run(directory, project, backend, [], ["build", *built])
        return found | _run(directory, project, backend, [], ["source", "track", "source_track.bst"])

    return run


@pytest.mark.parametrize("form", MARKS)
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
