"""The project of `writes`: an element for each way to write, and the lines that do it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import enforcer

_ROOT = Path(enforcer.__file__).parents[1]
_WRITES = Path(__file__).parent / "writes"
_MARK = re.compile(r"# <-(?: (?P<label>.+))?$")
_FUNCTION = re.compile(r"def (?P<name>\w+)\(self, dep, raw, sandbox")


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
HIDDEN = "hidden"
"""Reaches its class by a way that nobody follows."""
TAKEN = "tracer_taken"
"""Switches tracing off, as a debugger does when it goes on."""
BEYOND = "beyond"
"""Writes once before and once after it has run more lines than are followed."""
FORMS = [form for form in MARKS if form not in SOURCE_FORMS]
SEEN = [form for form in MARKS if form not in (HIDDEN, TAKEN, BEYOND)]


def make_project(directory: Path) -> Path:
    """Write the project below `directory`; returns where it is."""
    project = directory / "project"
    directory.mkdir(exist_ok=True)
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


def for_bst(directory: Path, project: Path) -> list[str]:
    """The words that let `bst` build there with caches of its own below `directory`."""
    config = directory / "buildstream.conf"
    config.write_text(f"cachedir: {directory}/cache\nlogdir: {directory}/logs\n", encoding="utf-8")
    return ["--config", str(config), "--directory", str(project)]


def environment(directory: Path, **more: str) -> dict[str, str]:
    """Variables for a command that has its home in `directory` and finds this enforcer."""
    paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "HOME": str(directory), "PYTHONPATH": paths, **more}
