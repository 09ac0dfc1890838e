"""`enforcer baseline` adds what is new, removes what a full run finds no more, and says what it did."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enforcer.cli import main
from enforcer.reports.json_report import json_text
from enforcer.reports.value import build_report
from enforcer.results.findings import Finding
from enforcer.results.record import Record
from enforcer.settings.baseline import Entry
from enforcer.settings.settings import Settings
from tests.cli.conftest import FakeBst
from tests.reports.records import COMMAND, FINDING, by

LINE = "foreign-write my_kind element environment[*]"
GONE = "module-write my_kind module COUNTS[*]"


def full(*findings: Finding) -> Record:
    """The record of a run that looked at everything."""
    return Record(jobs=2, checked=2, exercised={"app.bst"}, findings=[replace(finding) for finding in findings])


def known(*lines: str) -> Path:
    path = Path("known.txt")
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def report(name: str, record: Record) -> str:
    Path(name).write_text(json_text(build_report(record, Settings(), COMMAND)))
    return name


def test_update_runs_bst_and_adds_what_is_new(bst: FakeBst, capsys: pytest.CaptureFixture[str]) -> None:
    bst.record = full(FINDING, by("b.bst", allowed="fine", path="opt"))
    assert main(["baseline", "update", "--baseline", "known.txt", "build", "app.bst"]) == 0
    assert bst.events == ["on", "build app.bst", "off"]
    assert Path("known.txt").read_text() == f"{LINE}\n"
    err = capsys.readouterr().err
    assert "0 new violations, 1 known, 1 allowed" in err
    assert err.endswith("baseline known.txt: 1 entry added, 1 in all\n")


def test_while_it_is_updated_no_job_fails_and_no_run(bst: FakeBst) -> None:
    bst.record = full(FINDING)
    assert main(["baseline", "update", "--baseline", "known.txt", "build"]) == 0
    assert bst.settings is not None
    assert not bst.settings.fails_jobs
    assert not bst.settings.fails_run


@pytest.mark.parametrize(("errors", "bst_status", "status"), [([], 255, 255), (["x"], 0, 3), (["x"], 255, 3)])
def test_an_update_fails_as_bst_does_or_where_we_could_not_look(
    bst: FakeBst, errors: list[str], bst_status: int, status: int
) -> None:
    bst.record, bst.status = full(FINDING), bst_status
    bst.record.errors = errors
    assert main(["baseline", "update", "--baseline", "known.txt", "build"]) == status
    assert Path("known.txt").read_text() == f"{LINE}\n"


def test_an_update_never_removes(bst: FakeBst) -> None:
    known(GONE)
    bst.record = full(FINDING)
    main(["baseline", "update", "--baseline", "known.txt", "build"])
    assert Path("known.txt").read_text() == f"{LINE}\n{GONE}\n"


def test_the_file_comes_from_the_table_too(bst: FakeBst) -> None:
    Path("pyproject.toml").write_text('[tool.enforcer]\nbaseline = "known.txt"\n')
    bst.record = full(FINDING)
    assert main(["baseline", "update", "build"]) == 0
    assert main(["run", "build"]) == 0
    assert bst.settings is not None
    assert bst.settings.baseline is not None
    assert bst.settings.baseline.entries == {Entry.of(FINDING)}


def test_the_command_line_goes_before_the_table(bst: FakeBst) -> None:
    Path("pyproject.toml").write_text('[tool.enforcer]\nbaseline = "missing.txt"\n')
    known(LINE)
    assert main(["run", "--baseline", "known.txt", "build"]) == 0


def test_the_report_says_how_to_run_it_again(bst: FakeBst) -> None:
    known(LINE)
    main(["run", "--baseline", "known.txt", "--report", "json:r.json", "build"])
    assert json.loads(Path("r.json").read_text())["command"] == [
        *("enforcer", "run", "--baseline", "known.txt", "--", "build")
    ]


def test_prune_removes_what_a_full_run_finds_no_more(bst: FakeBst, capsys: pytest.CaptureFixture[str]) -> None:
    known(GONE, LINE)
    bst.record = full(replace(FINDING, known=True))
    assert main(["baseline", "prune", "--baseline", "known.txt", "build"]) == 0
    assert Path("known.txt").read_text() == f"{LINE}\n"
    assert capsys.readouterr().err.endswith("baseline known.txt: 1 entry removed, 1 left\n")


def test_prune_removes_what_the_allow_list_lets_pass_anyway(bst: FakeBst) -> None:
    known(LINE)
    bst.record = full(replace(FINDING, allowed="fine"))
    assert main(["baseline", "prune", "--baseline", "known.txt", "build"]) == 0
    assert Path("known.txt").read_text() == ""


def test_prune_lets_builds_go_on_and_still_tells_what_is_new(bst: FakeBst) -> None:
    known(GONE)
    bst.record = full(FINDING)
    assert main(["baseline", "prune", "--baseline", "known.txt", "build"]) == 1
    assert bst.settings is not None
    assert bst.settings.collect
    assert Path("known.txt").read_text() == ""


@pytest.mark.parametrize(
    ("changes", "bst_status", "reason"),
    [
        ({"cached": {"a.bst", "b.bst"}}, 0, "2 elements were cached (a.bst)"),
        ({"checked": 1}, 0, "1 job was not checked"),
        ({"checked": 0, "jobs": 0}, 0, "no job was checked"),
        ({"errors": ["x"]}, 0, "something kept us from looking"),
        ({"unwatched": ["bst build"]}, 0, "1 bst process was not watched"),
        ({}, 255, "bst ended with exit status 255"),
    ],
)
def test_prune_refuses_a_run_that_was_not_full(
    bst: FakeBst, changes: dict[str, Any], bst_status: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known(GONE)
    bst.record, bst.status = replace(full(), **changes), bst_status
    assert main(["baseline", "prune", "--baseline", "known.txt", "build"]) == 3
    assert Path("known.txt").read_text() == f"{GONE}\n"
    err = capsys.readouterr().err
    assert "nothing is removed from known.txt, as this was not a full run: " in err
    assert reason in err.splitlines()[-1]


def test_an_element_that_was_cached_after_it_was_built_is_no_reason(bst: FakeBst) -> None:
    known(GONE)
    bst.record = replace(full(), cached={"a.bst"}, exercised={"a.bst"})
    assert main(["baseline", "prune", "--baseline", "known.txt", "build"]) == 0


def test_reports_of_full_runs_prune_together(bst: FakeBst, capsys: pytest.CaptureFixture[str]) -> None:
    known(GONE, LINE, "class-write my_kind class CACHE")
    words = ["--from", report("a.json", full(FINDING)), "--from", report("b.json", full(by("x.bst", path="opt")))]
    assert main(["baseline", "prune", "--baseline", "known.txt", *words]) == 0
    assert Path("known.txt").read_text() == f"{LINE}\n"
    assert capsys.readouterr().out == "baseline known.txt: 2 entries removed, 1 left\n"
    assert bst.events == []


def test_one_partial_report_prunes_nothing(bst: FakeBst, capsys: pytest.CaptureFixture[str]) -> None:
    known(GONE)
    words = [
        *("--from", report("a.json", full(FINDING))),
        *("--from", report("b.json", replace(full(), incomplete_reasons={"-k 'x'", "1 test failed"}))),
    ]
    assert main(["baseline", "prune", "--baseline", "known.txt", *words]) == 3
    assert Path("known.txt").read_text() == f"{GONE}\n"
    assert "not a full run: b.json: -k 'x'; b.json: 1 test failed\n" in capsys.readouterr().err


def test_an_update_takes_partial_reports_too_but_nothing_that_is_allowed(bst: FakeBst) -> None:
    made = replace(full(FINDING, by("x.bst", path="opt", allowed="fine")), incomplete_reasons={"-k 'x'"})
    assert main(["baseline", "update", "--baseline", "known.txt", "--from", report("a.json", made)]) == 0
    assert Path("known.txt").read_text() == f"{LINE}\n"
    assert bst.events == []


@pytest.mark.parametrize("command", ["update", "prune"])
def test_a_report_that_leaves_groups_out_is_refused(
    bst: FakeBst, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known(GONE)
    name = report("a.json", full(*(by("a.bst", path=f"p{n}") for n in range(500))))
    assert main(["baseline", command, "--baseline", "known.txt", "--from", name]) == 3
    assert Path("known.txt").read_text() == f"{GONE}\n"
    assert "'a.json' leaves out 100 groups of findings" in capsys.readouterr().err


def test_a_report_that_leaves_out_single_violations_of_its_groups_is_enough(bst: FakeBst) -> None:
    known(GONE, LINE)
    name = report("a.json", full(*(by("a.bst", path=f"environment['{n}']") for n in range(500))))
    assert json.loads(Path(name).read_text())["omitted"] > 0
    assert main(["baseline", "prune", "--baseline", "known.txt", "--from", name]) == 0
    assert Path("known.txt").read_text() == f"{LINE}\n"


def test_a_name_that_the_report_cuts_is_still_the_same_entry(bst: FakeBst) -> None:
    found = by("a.bst", path=f"table['{'x' * 1000}'].{'y' * 1000}")
    name = report("a.json", full(found))
    assert main(["baseline", "update", "--baseline", "known.txt", "--from", name]) == 0
    assert Path("known.txt").read_text() == f"{Entry.of(found)}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--baseline", "no.txt", "build"], "there is no baseline 'no.txt': make it with `enforcer baseline up"),
        (["baseline", "prune", "--baseline", "no.txt", "build"], "there is no baseline 'no.txt'"),
        (["run", "--baseline", "broken.txt", "build"], "broken.txt:1: 'what?' is no line of a baseline"),
        (["baseline", "update", "--baseline", "broken.txt", "build"], "broken.txt:1: 'what?' is no line of a baseline"),
        (["baseline", "update", "--baseline", "no/such.txt", "build"], "cannot write the baseline 'no/such.txt': No"),
        (["baseline", "update", "build"], "no baseline is named: give --baseline FILE"),
        (["baseline", "prune", "--from", "r.json"], "no baseline is named: give --baseline FILE"),
        (["baseline", "update", "--baseline", "known.txt"], "there is nothing to run"),
        (["baseline", "update", "--baseline", "known.txt", "--mode", "off", "build"], "with mode off nothing is found"),
        (["baseline", "update", "--baseline", "known.txt", "--from", "r.json", "build"], "so that build would do"),
        (
            ["baseline", "prune", "--baseline", "known.txt", "--report", "json:x", "--from", "r.json"],
            "--from runs nothing, so that --report would do nothing",
        ),
        (["baseline", "prune", "--baseline", "known.txt", "--from", "no.json"], "cannot read the report 'no.json'"),
        (["baseline", "prune", "--baseline", "known.txt", "--from", "broken.txt"], "cannot read the report 'broken"),
        (["baseline", "prune", "--baseline", "known.txt", "--from", "old.json"], "'old.json' is no JSON report of"),
        (["baseline", "--on-error", "quit"], "No such option"),
    ],
)
def test_wrong_usage_runs_nothing_and_changes_nothing(
    bst: FakeBst, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known(GONE)
    Path("broken.txt").write_text("what?\n")
    Path("old.json").write_text('{"format": 1, "violations": []}')
    report("r.json", full())
    assert main(words) == 2
    assert message in capsys.readouterr().err
    assert bst.events == []
    assert Path("known.txt").read_text() == f"{GONE}\n"


def test_with_mode_off_no_baseline_is_looked_for(bst: FakeBst) -> None:
    assert main(["run", "--mode", "off", "--baseline", "no.txt", "build"]) == 0


def test_a_baseline_that_cannot_be_written_in_the_end_is_our_failure(
    bst: FakeBst, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("d").mkdir()

    def remove(args: tuple[str, ...]) -> int:
        Path("d").rmdir()
        return 0

    bst.record = full(FINDING)
    monkeypatch.setattr(sys.modules["enforcer.cli.run"], "_run_bst", remove)
    assert main(["baseline", "update", "--baseline", "d/known.txt", "build"]) == 3
    assert "cannot write the baseline 'd/known.txt'" in capsys.readouterr().err


def test_help_says_what_each_does(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["baseline", "--help"], ["baseline", "update", "--help"], ["baseline", "prune", "--help"]):
        assert main(words) == 0
    out = capsys.readouterr().out
    assert "--from REPORT" in out
    assert "prune" in out
