"""`enforcer report` converts and merges; what a report says is no error of the converter."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from enforcer.cli import main
from enforcer.reports.json_report import json_text
from enforcer.reports.value import build_report
from enforcer.reports.write import report_text
from enforcer.results.record import Record
from enforcer.settings.settings import REPORT_FORMATS, Settings
from tests.reports.records import COMMAND, FINDING, by, full_record, record


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, made: Record) -> Path:
    path = Path(name)
    path.write_text(json_text(build_report(made, Settings(), COMMAND)))
    return path


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_a_report_becomes_what_the_run_would_have_written(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("a.json", full_record())
    assert main(["report", "a.json", "--to", f"{name}:out"]) == 0
    assert Path("out").read_text(encoding="utf-8") == report_text(
        build_report(full_record(), Settings(), COMMAND), name
    )
    assert capsys.readouterr() == ("", f"wrote enforcement report {name}: out\n")


def test_several_are_merged_into_each_target() -> None:
    write("a.json", record(FINDING))
    write("b.json", record(by("two.bst"), by("three.bst", path="other")))
    assert main(["report", "a.json", "b.json", "--to", "json:all.json", "--to", "markdown:all.md"]) == 0
    merged = json.loads(Path("all.json").read_text())
    assert [violation["count"] for violation in merged["violations"]] == [2, 1]
    assert "3 new violations" in Path("all.md").read_text()


def test_without_a_target_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.json", record(FINDING))
    assert main(["report", "a.json"]) == 0
    out, err = capsys.readouterr()
    assert "foreign-write  app.bst (my_kind) changed base.bst in its Build job" in out
    assert err == ""


def test_a_merged_report_can_be_merged_again() -> None:
    for name in "abc":
        write(f"{name}.json", record(by(f"{name}.bst"), FINDING))
    main(["report", "a.json", "b.json", "--to", "json:ab.json"])
    main(["report", "ab.json", "c.json", "--to", "json:in-two-steps.json"])
    main(["report", "c.json", "b.json", "a.json", "--to", "json:in-one.json"])
    assert Path("in-two-steps.json").read_bytes() == Path("in-one.json").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Missing argument 'REPORT...'"),
        (["gone.json"], "cannot read the report 'gone.json': [Errno 2] No such file or directory: 'gone.json'"),
        (["text"], "cannot read the report 'text': "),
        (["a.json", "list.json"], "'list.json' is no JSON report of format 1"),
        (["old.json"], "'old.json' is no JSON report of format 1 with all that is needed: write it anew (format is 0)"),
        (["a.json", "--to", "pdf:out"], "unknown report format 'pdf'"),
        (["a.json", "--to", "json:missing/out"], "cannot write the json report to 'missing/out'"),
        (["a.json", "--to", "json:out", "--to", "sarif:out"], "two reports would be written to 'out'"),
    ],
)
def test_wrong_usage_is_a_sentence_and_leaves_nothing(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a.json", record())
    Path("text").write_text("text")
    Path("list.json").write_text("[]")
    Path("old.json").write_text(json.dumps({**json.loads(Path("a.json").read_text()), "format": 0}))
    before = sorted(os.listdir())
    targets = [] if "--to" in words or not words else ["--to", "json:out"]
    assert main(["report", *words, *targets]) == 2
    assert message in capsys.readouterr().err
    assert sorted(os.listdir()) == before


def test_a_report_can_be_written_over_its_source() -> None:
    write("a.json", record(FINDING))
    write("b.json", record(FINDING))
    assert main(["report", "a.json", "b.json", "--to", "json:a.json"]) == 0
    assert json.loads(Path("a.json").read_text())["summary"]["violations"] == 2
