"""`enforcer access` prints what reports have recorded, and says how to record it where they have not."""

from __future__ import annotations

from pathlib import Path

import pytest

from enforcer.cli import main
from enforcer.reports.json_report import json_text
from enforcer.reports.value import build_report
from enforcer.results.record import Record
from enforcer.settings.settings import Settings
from tests.reports.records import COMMAND, full_record, record


def write(path: Path, made: Record) -> str:
    path.write_text(json_text(build_report(made, Settings(), COMMAND)))
    return str(path)


def test_several_reports_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = [write(tmp_path / name, full_record()) for name in ("a.json", "b.json")]
    assert main(["access", *reports, "--job", "app.bst", "--unit", "base.bst", "--attribute", "env*"]) == 0
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()] == [
        "plugin code, on state of others",
        "reads writes jobs job unit attribute way line",
        "4 0 1 app.bst Build base.bst environment public plugins/my_kind.py:31 assemble",
    ]


def test_what_core_does_by_itself_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = write(tmp_path / "a.json", full_record())
    assert main(["access", report]) == 0
    assert "_Element__cache_key" in capsys.readouterr().out
    assert main(["access", report, "--plugin-code-only"]) == 0
    assert "_Element__cache_key" not in capsys.readouterr().out


def test_a_report_without_any_says_how_to_record_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = write(tmp_path / "a.json", record())
    assert main(["access", report]) == 2
    said = f"enforcer: no accesses are recorded in {report}: run with --access (pytest: --enforce-access)\n"
    assert capsys.readouterr() == ("", said)


def test_that_none_is_asked_for_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = write(tmp_path / "a.json", full_record())
    assert main(["access", report, "--job", "nobody.bst"]) == 2
    assert capsys.readouterr() == ("", "enforcer: none of the recorded accesses is one that was asked for\n")
