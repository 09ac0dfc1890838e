"""One plugin, stock and enforced: what came of it, what it made, and what was found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import enforcer
from sample_projects import harness
from tests.outside.zoo import small_project
from tests.outside.zoo.catalogue import Plugin

STOCK = "stock"
_TIMEOUT = 600


@dataclass(frozen=True)
class Outcome:
    """What came of one plugin's steps.

    Attributes:
        statuses: the exit status of each `bst`, up to the first that failed.
        made: cache key and artifact of every element, a line each; without the artifact where it varies in stock, too.
        said: the end of what the last `bst` printed.
        findings: one line each, of what nobody expects.
        expected: how many findings were expected.
        checked: how many jobs were.
    """

    statuses: tuple[int, ...]
    made: tuple[str, ...]
    said: str
    findings: tuple[str, ...] = ()
    expected: int = 0
    checked: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether all steps ended well."""
        return not any(self.statuses)


def differences(stock: Outcome, enforced: Outcome) -> list[str]:
    """How an enforced outcome is not as in stock."""
    if stock.statuses != enforced.statuses:
        return [f"stock ended with {stock.statuses}, enforced with {enforced.statuses}"]
    return [f"stock made {line}" for line in stock.made if line not in enforced.made]


def run(
    directory: Path, base: Path, plugin: Plugin, checkout: Path, backend: str = STOCK, options: Sequence[str] = ()
) -> Outcome:
    """Take the steps of `plugin` in a small project and with caches of their own; `options` are of `enforcer run`."""
    project = small_project.make(directory / "project", base, plugin, checkout)
    environment = harness.isolated_environment(directory)
    environment["PYTHONPATH"] = str(Path(enforcer.__file__).parents[1])
    report = directory / "report.json"
    program = ["buildstream"]
    if backend != STOCK:
        enforced = ["--backend", backend, "--mode", "strict", "--report", f"json:{report}", *options]
        program = ["enforcer", "run", *enforced, "--"]
    statuses, findings, expected, checked, said = [], [], 0, 0, ""
    for step in plugin.steps():
        done = _bst(program, step, project, environment)
        statuses.append(done.returncode)
        said = done.stdout[-2000:]
        if backend != STOCK:
            told = _told(report)
            findings += [*map(_line, told["violations"]), *(f"error: {error}" for error in told["errors"])]
            expected += sum(finding["allowed"] is not None for finding in told["violations"])
            checked += told["summary"]["checked"]
        if done.returncode != 0:
            break
    made = _made(project, plugin, environment) if not any(statuses) else ()
    return Outcome(tuple(statuses), made, said, tuple(filter(None, findings)), expected, checked)


def _bst(
    program: Sequence[str], step: Sequence[str], project: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *program, "--no-interactive", "--no-colors", *step],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )


def _made(project: Path, plugin: Plugin, environment: dict[str, str]) -> tuple[str, ...]:
    line = "made %{name} %{full-key}" + ("" if plugin.varies else " %{artifact-cas-digest}")
    shown = ["show", "--deps", "all", "--format", line, plugin.target]
    lines = _bst(["buildstream"], shown, project, environment).stdout.splitlines()
    return tuple(line.removeprefix("made ") for line in lines if line.startswith("made "))


def _told(report: Path) -> dict[str, Any]:
    if not report.exists():
        return {"violations": [], "errors": ["no report was written"], "summary": {"checked": 0}}
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    return told


def _line(finding: dict[str, Any]) -> str:
    """One line on a finding; empty if it is allowed."""
    if finding["allowed"] is not None:
        return ""
    site = finding["site"] or {}
    place = f" {os.path.basename(site['file'])}:{site['line']}" if site.get("file") else ""
    return f"{finding['rule']} {finding['owner']['name']} {finding['path']}{place}"
