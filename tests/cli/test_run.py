"""`enforcer run` reads words, runs bst between on and off, reports, and exits by what was found."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from enforcer.cli import main
from enforcer.errors import UnsupportedError
from enforcer.results.findings import Finding
from enforcer.results.job_counts import JobCounts
from enforcer.results.record import Record
from enforcer.session import Session
from enforcer.settings.settings import AllowEntry, MinJobs, Mode, ReportTarget, Settings
from tests.cli.conftest import FakeBst
from tests.reports.records import COSTS, FINDING, record

run = sys.modules["enforcer.cli.run"]


def test_bst_runs_between_on_and_off(bst: FakeBst) -> None:
    assert main(["run", "build", "app.bst"]) == 0
    assert bst.events == ["on", "build app.bst", "off"]


@pytest.mark.parametrize(
    ("words", "mode", "bst_args"),
    [
        (["build", "--mode", "x"], Mode.STRICT, "build --mode x"),
        (["--mode", "soft", "build", "--deps", "all", "--", "a.bst"], Mode.SOFT, "build --deps all -- a.bst"),
        (["--mode=soft", "--", "--on-error", "continue", "build"], Mode.SOFT, "--on-error continue build"),
        (["--", "--help"], Mode.STRICT, "--help"),
    ],
)
def test_from_the_first_word_on_everything_is_for_bst(
    bst: FakeBst, words: list[str], mode: Mode, bst_args: str
) -> None:
    main(["run", *words])
    assert bst.events[1] == bst_args
    assert bst.settings is not None
    assert bst.settings.mode is mode


def test_every_option_becomes_a_setting(bst: FakeBst) -> None:
    words = (
        "--mode soft --backend threads --workers 3 --report json:a.json --report json:b.json --collect --fresh "
        "--min-jobs 4 --min-jobs Build=2,Fetch=1 build"
    )
    main(["run", *words.split()])
    assert bst.settings == Settings(
        mode=Mode.SOFT,
        backend="threads",
        workers=3,
        collect=True,
        fresh=True,
        min_jobs=(MinJobs(4), MinJobs(2, "Build"), MinJobs(1, "Fetch")),
        reports=(ReportTarget("json", Path("a.json")), ReportTarget("json", Path("b.json"))),
    )


def test_the_default_backend_is_pool_and_loses_against_the_table(bst: FakeBst) -> None:
    main(["run", "build"])
    assert bst.settings == Settings(backend="pool")
    Path("pyproject.toml").write_text('[tool.enforcer]\nbackend = "fork"\nworkers = 2\nworker_jobs = 9\n')
    main(["run", "build"])
    assert bst.settings == Settings(backend="fork", workers=2, worker_jobs=9)


def test_the_command_line_wins_over_the_table(bst: FakeBst) -> None:
    allow = 'allow = [{ entry = "foreign-write base.bst *", reason = "old" }]'
    Path("pyproject.toml").write_text(f'[tool.enforcer]\nmode = "soft"\ncollect = true\nworkers = 3\n{allow}\n')
    main(["run", "--mode", "discard", "build"])
    assert bst.settings == Settings(
        mode=Mode.DISCARD,
        backend="pool",
        collect=True,
        workers=3,
        allow=(AllowEntry("foreign-write", "base.bst", "*", "old"),),
    )


@pytest.mark.parametrize(
    ("findings", "errors", "words", "bst_status", "status"),
    [
        ([], [], [], 0, 0),
        ([], [], [], 255, 255),
        ([FINDING], [], [], 255, 1),
        ([FINDING], [], [], 0, 1),
        ([FINDING], ["could not look"], [], 0, 1),
        ([], ["could not look"], [], 0, 3),
        ([], ["could not look"], ["--mode", "soft"], 255, 3),
        ([FINDING], [], ["--mode", "soft"], 0, 0),
        ([FINDING], [], ["--mode", "discard"], 255, 255),
        ([FINDING], [], ["--mode", "soft", "--collect"], 0, 1),
        ([FINDING], [], ["--collect"], 0, 1),
        ([replace(FINDING, allowed="why")], [], [], 0, 0),
        ([replace(FINDING, known=True)], [], [], 0, 0),
        ([replace(FINDING, severity="warning")], [], [], 0, 0),
    ],
)
def test_exit_status(
    bst: FakeBst, findings: list[Finding], errors: list[str], words: list[str], bst_status: int, status: int
) -> None:
    bst.record = record(*findings, errors=errors)
    bst.status = bst_status
    assert main(["run", *words, "build"]) == status


def test_the_report_goes_to_standard_error_and_leaves_standard_output_to_bst(
    bst: FakeBst, capsys: pytest.CaptureFixture[str]
) -> None:
    bst.record = record(FINDING)
    main(["run", "--collect", "build", "a b.bst"])
    out, err = capsys.readouterr()
    assert out == ""
    assert "foreign-write  app.bst (my_kind) changed base.bst in its Build job" in err
    assert "reproduce: enforcer run --collect -- build 'a b.bst'" in err
    assert "\x1b" not in err


def test_what_it_cost_is_said_where_that_is_worth_a_line_and_in_no_file(
    bst: FakeBst, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = []
    for seconds in (1.0, 90.0):
        bst.record = record(costs={**COSTS, "lines": seconds})
        main(["run", "--report", "json:a.json", "build"])
        texts.append(Path("a.json").read_bytes())
    lines = [line for line in capsys.readouterr().err.splitlines() if "enforcement took" in line]
    assert lines == [
        "enforcement took 94 s, the jobs themselves 4 s: following lines 96%; cheaper: --blame touch",
    ]
    assert texts[0] == texts[1]


def test_the_report_is_written_to_every_file(bst: FakeBst) -> None:
    bst.record = record(FINDING)
    assert main(["run", "--report", "json:a.json", "--report", "json:b.json", "build"]) == 1
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()
    data = json.loads(Path("a.json").read_text())
    assert (data["verdict"], data["command"]) == ("failed", ["enforcer", "run", "--", "build"])


def test_a_failed_run_ends_with_the_address_of_its_page(
    bst: FakeBst, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bst.record = record(FINDING)
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path.cwd() / "cache"))
    main(["run", "--report", "json:r.json", "build", "app.bst"])
    address = (Path.cwd() / "cache").as_uri()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"page: {address}/buildstream-enforcer/")
    # What only reports is not part of the command that runs it again.
    assert main(["run", "--no-html", "build", "app.bst"]) == 1
    told = capsys.readouterr().err
    assert "page:" not in told
    assert "reproduce: enforcer run -- build app.bst\n" in told


def test_a_run_that_checked_nothing_says_so_and_exits_as_bst_does(
    bst: FakeBst, capsys: pytest.CaptureFixture[str]
) -> None:
    bst.record = Record(elements={"app.bst"})
    assert main(["run", "build"]) == 0
    assert "NOTHING WAS CHECKED: no job ran" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("made", "status", "said"),
    [
        (Record(), 255, "no job was checked: bst ended with exit status 255"),
        (Record(elements={"app.bst"}), 255, "no job was checked: bst ended with exit status 255"),
        (Record(), 0, "no job was checked: bst was not asked to run any"),
    ],
)
def test_where_no_job_was_due_nobody_shouts(
    bst: FakeBst, capsys: pytest.CaptureFixture[str], made: Record, status: int, said: str
) -> None:
    bst.record, bst.status = made, status
    assert main(["run", "--report", "json:r.json", "show"]) == status
    assert capsys.readouterr().err.splitlines()[1:4] == ["enforcement strict on pool: nothing-checked", "", said]
    assert json.loads(Path("r.json").read_text())["verdict"] == "nothing-checked"


@pytest.mark.parametrize(
    ("minimum", "bst_status", "status", "said"),
    [
        ("3", 0, 3, "2 jobs were checked, but at least 3 have to be: the run fails"),
        ("2", 0, 0, None),
        ("Pull=1", 0, 3, "0 Pull jobs were checked, but at least 1 has to be: the run fails"),
        ("2,Fetch=1,Pull=1", 0, 3, "0 Pull jobs were checked, but at least 1 has to be: the run fails"),
        ("Fetch=1", 0, 0, None),
        ("Track=2", 0, 3, "0 Track jobs were checked, but at least 2 have to be: the run fails"),
        ("9", 255, 255, "2 jobs were checked, but at least 9 have to be: the run fails"),
    ],
)
def test_fewer_jobs_than_asked_for_fail_the_command(
    bst: FakeBst,
    capsys: pytest.CaptureFixture[str],
    minimum: str,
    bst_status: int,
    status: int,
    said: str | None,
) -> None:
    skipped, fetched = JobCounts(1, 1, skipped=1), JobCounts(1, 1, plugin_code=1)
    bst.record = Record(2, 2, {"Pull": skipped, "Fetch": fetched}, exercised={"app.bst"})
    bst.status = bst_status
    assert main(["run", "--min-jobs", minimum, "build"]) == status
    lines = [line for line in capsys.readouterr().err.splitlines() if line.endswith("the run fails")]
    assert lines == ([] if said is None else [said])


def test_a_violation_wins_over_too_few_jobs(bst: FakeBst) -> None:
    bst.record = record(FINDING)
    assert main(["run", "--min-jobs", "99", "build"]) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "there is nothing to run"),
        (["--"], "there is nothing to run"),
        (["--mode", "lenient", "build"], "unknown mode 'lenient': choose one of off, soft, discard, strict"),
        (["--backend", "cloud", "build"], "unknown backend 'cloud'"),
        (["--workers", "0", "build"], "Invalid value for '--workers': 0 is not in the range x>=1"),
        (["--min-jobs", "many", "build"], "min-jobs is 'many': N or ACTION=N is needed, 1 or Build=1 for example"),
        (["--min-jobs", "Build=", "build"], "min-jobs is 'Build=': N or ACTION=N is needed, 1 or Build=1 for example"),
        (["--min-jobs", "=1", "build"], "min-jobs is '=1': N or ACTION=N is needed, 1 or Build=1 for example"),
        (
            ["--min-jobs", "1,Built=1", "build"],
            "min-jobs is 'Built=1': there is no action 'Built', choose one of Build, Cache-query, Fetch, Pull, Push, ",
        ),
        (["--workers", "two", "build"], "Invalid value for '--workers': 'two' is not a valid integer"),
        (["--report", "xml:r.xml", "build"], "unknown report format 'xml'"),
        (["--report", "json:", "build"], "names no file"),
        (["--report", "json:missing/r.json", "build"], "cannot write the json report to 'missing/r.json'"),
        (["--on-error", "continue", "build"], "Options of bst go after --"),
    ],
)
def test_wrong_usage_runs_nothing(
    bst: FakeBst, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *words]) == 2
    assert message in capsys.readouterr().err
    assert bst.events == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mode = 3", "mode is 3, not a string"),
        ("workers = 0", "workers is 0, not a whole number from 1 on"),
        ('worker_jobs = "9"', "worker_jobs is '9', not a whole number from 1 on"),
        ('backend = "cloud"', "unknown backend 'cloud'"),
        (
            'allow = [{ entry = "foreign-wirte a b", reason = "r" }]',
            "allow entry 'foreign-wirte a b': unknown rule 'foreign-wirte': did you mean 'foreign-write'? choose ",
        ),
    ],
)
def test_a_wrong_table_runs_nothing(bst: FakeBst, line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text(f"[tool.enforcer]\n{line}\n")
    assert main(["run", "build"]) == 2
    assert f"enforcer: [tool.enforcer] in {Path.cwd() / 'pyproject.toml'}: {message}" in capsys.readouterr().err
    assert bst.events == []


def test_off_switches_nothing_on_and_writes_no_report(bst: FakeBst, capsys: pytest.CaptureFixture[str]) -> None:
    bst.status = 7
    assert main(["run", "--mode", "off", "--report", "json:r.json", "build"]) == 7
    assert bst.events == ["build"]
    assert "enforcement is off: nothing is checked, no report is written\n" in capsys.readouterr().err
    main(["run", "--mode", "off", "--fresh", "build"])
    assert "no report is written and the caches are the usual ones\n" in capsys.readouterr().err
    assert not Path("r.json").exists()


def test_what_kept_us_from_starting_is_a_sentence_and_3(
    bst: FakeBst, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: Session) -> None:
        raise UnsupportedError("this BuildStream lacks Job.child_action")

    monkeypatch.setattr(run, "activate", refuse)
    assert main(["run", "build"]) == 3
    assert capsys.readouterr().err == "enforcer: this BuildStream lacks Job.child_action\n"


def test_enforcement_is_switched_off_again_when_bst_breaks_down(
    bst: FakeBst, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(run, "_run_bst", break_down)
    assert main(["run", "build"]) == 3
    assert bst.events == ["on", "off"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_in_the_end_is_our_failure(
    bst: FakeBst, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def remove(args: tuple[str, ...]) -> int:
        os.rmdir("d")
        return 0

    os.mkdir("d")
    monkeypatch.setattr(run, "_run_bst", remove)
    assert main(["run", "--report", "json:d/r.json", "build"]) == 3
    err = capsys.readouterr().err
    assert "checked 2 of 2 jobs" in err
    assert "cannot write the json report to 'd/r.json'" in err


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "enforcer", "run"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("enforcer: there is nothing to run")


def test_no_words_at_all_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Usage: enforcer" in capsys.readouterr().err


def test_neither_help_nor_version_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert main(["run", "--help"]) == 0
    assert main(["--version"]) == 0
    assert "BST-ARGS" in capsys.readouterr().out


def test_importing_the_command_imports_no_buildstream() -> None:
    code = "import sys, enforcer.cli; sys.exit('buildstream' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
