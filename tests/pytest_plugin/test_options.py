"""Options, ini values and the table; what is wrong is a usage error, told in a sentence."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from enforcer.settings.option_table import OPTIONS, Option, options_in
from enforcer.settings.settings import MinJobs
from tests.settings.samples import prepare, sample, value

TESTS = "def test_build(build): build()"


def settings_of(fake: pytest.Pytester, *args: str) -> Any:
    """The settings that a run with these arguments has."""
    fake.makepyfile("def test_it(): pass")
    config = fake.parseconfigure(*args)
    from pytest_plugin.enforcing import enforcing_key

    return config.stash[enforcing_key].settings


def test_every_option_has_its_effect(fake: pytest.Pytester) -> None:
    settings = settings_of(
        fake,
        "--enforce=discard",
        "--enforce-backend=threads",
        "--enforce-report=json:a.json",
        "--enforce-report=json:b.json",
        "--enforce-collect",
        "--enforce-fresh",
        "--enforce-min-jobs=7",
        "--enforce-min-jobs=Build=1,Fetch=2",
    )
    assert settings.mode.value == "discard"
    assert settings.backend == "threads"
    assert [report.path for report in settings.reports] == [fake.path / "a.json", fake.path / "b.json"]
    assert settings.collect
    assert settings.fresh
    assert settings.min_jobs == (MinJobs(7), MinJobs(1, "Build"), MinJobs(2, "Fetch"))


def test_every_option_is_an_ini_value_too(fake: pytest.Pytester) -> None:
    fake.makeini(
        """
        [pytest]
        enforce = soft
        enforce_backend = threads
        enforce_report =
            json:a.json
            json:b.json
        enforce_collect = true
        enforce_fresh = true
        enforce_min_jobs = 3, Build=1
        enforce_workers = 4
        enforce_worker_jobs = 5
        """
    )
    settings = settings_of(fake)
    assert settings.mode.value == "soft"
    assert len(settings.reports) == 2
    assert settings.collect
    assert settings.fresh
    assert (settings.min_jobs, settings.workers, settings.worker_jobs) == ((MinJobs(3), MinJobs(1, "Build")), 4, 5)


def told_settings(fake: pytest.Pytester, option: Option, *args: str) -> tuple[Any, Any]:
    """The settings of a run with these arguments, and those that it would have without `option`."""
    prepare(fake.path)
    # What is updated has to be named, and collects as well.
    needed = ["--enforce-baseline=known.txt"] if option.name == "update_baseline" else []
    usual = settings_of(fake, "--enforce=strict", *needed)
    expected = usual.with_(**{"collect": bool(needed), option.name: value(option, fake.path)})
    mode = [] if option.kind == "mode" else ["--enforce=strict"]
    return settings_of(fake, *mode, *needed, *args), expected


@pytest.mark.parametrize("option", options_in("pytest"), ids=lambda option: option.name)
def test_an_option_is_its_setting_and_no_other(fake: pytest.Pytester, option: Option) -> None:
    text = "" if option.kind == "flag" else f"={sample(option)}"
    settings, expected = told_settings(fake, option, option.pytest_name + text)
    assert settings == expected


@pytest.mark.parametrize("option", [row for row in options_in("ini") if row.is_setting], ids=lambda option: option.name)
def test_an_ini_value_is_its_setting_and_no_other(fake: pytest.Pytester, option: Option) -> None:
    settings, expected = told_settings(fake, option, "-o", f"{option.ini_name}={sample(option)}")
    assert settings == expected


def test_the_help_names_the_options_and_ini_values_of_the_table_and_no_other(inner: pytest.Pytester) -> None:
    text = inner.runpytest("--help").stdout.str()
    assert re.findall(r"^  (--enforce[\w-]*)", text, re.MULTILINE) == [row.pytest_name for row in options_in("pytest")]
    assert re.findall(r"^  (enforce\w*) \(", text, re.MULTILINE) == [row.ini_name for row in options_in("ini")]


@pytest.mark.parametrize("option", [row for row in OPTIONS if "pytest" not in row.places], ids=lambda row: row.name)
def test_an_option_that_is_not_for_pytest_is_refused(fake: pytest.Pytester, option: Option) -> None:
    result = fake.runpytest("--enforce=strict", f"{option.pytest_name}=1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*unrecognized arguments: {option.pytest_name}=1"])


@pytest.mark.parametrize(
    "option", [row for row in options_in("pytest") if row.kind != "mode"], ids=lambda row: row.name
)
def test_without_enforcement_an_option_is_refused(fake: pytest.Pytester, option: Option) -> None:
    result = fake.runpytest(option.pytest_name + ("" if option.kind == "flag" else f"={sample(option)}"))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {option.pytest_name} does nothing without --enforce=strict (or softer)"])


def test_command_line_goes_before_ini_before_table(fake: pytest.Pytester) -> None:
    fake.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        enforce = "soft"
        enforce_workers = "2"
        enforce_collect = "false"
        [tool.enforcer]
        mode = "discard"
        workers = 8
        worker_jobs = 9
        min_jobs = 1
        collect = true
        allow = [{ entry = "foreign-write a.bst x", reason = "old" }]
        """
    )
    settings = settings_of(fake, "--enforce=strict", "--enforce-min-jobs=3")
    assert settings.mode.value == "strict"
    assert not settings.collect
    assert (settings.min_jobs, settings.workers, settings.worker_jobs) == ((MinJobs(3),), 2, 9)
    assert [str(entry) for entry in settings.allow] == ["foreign-write a.bst x"]


def test_the_table_alone_does_not_switch_enforcement_on(fake: pytest.Pytester) -> None:
    fake.makepyprojecttoml('[tool.pytest.ini_options]\n[tool.enforcer]\nmode = "strict"\n')
    fake.makepyfile(TESTS)
    fake.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--enforce=strickt"], "unknown mode 'strickt': choose one of off, soft, discard, strict"),
        (
            ["--enforce=strict", "--enforce-backend=fork9"],
            "unknown backend 'fork9': this version has threads, fork, pool",
        ),
        (["--enforce=strict", "--enforce-report=xml:r"], "unknown report format 'xml'"),
        (["--enforce=strict", "--enforce-report=json"], "report 'json' names no file: write json:PATH"),
        (["--enforce=strict", "--enforce-report=json:no/such/r"], "cannot write the json report to *no/such/r*"),
        (
            ["--enforce=strict", "--enforce-min-jobs=many"],
            "min-jobs is 'many': N or ACTION=N is needed, 1 or Build=1 for example",
        ),
        (["--enforce=strict", "--enforce-min-jobs=-1"], "min-jobs is '-1': N or ACTION=N is needed"),
        (
            ["--enforce=strict", "--enforce-min-jobs=Built=1"],
            "min-jobs is 'Built=1': there is no action 'Built', ",
        ),
        (["--enforce=strict", "-o", "enforce_workers=x"], "enforce-workers is 'x': a whole number from 1 on is needed"),
        (["--enforce=strict", "-o", "enforce_workers=0"], "enforce-workers is '0': a whole number from 1 on is needed"),
        (["--enforce=strict", "-o", "enforce_worker_jobs=1.5"], "enforce-worker-jobs is '1.5': a whole number from 1"),
        (["--enforce=strict", "-o", "enforce_collect=perhaps"], "ini value enforce_collect: *perhaps*"),
        (["-o", "enforce=hard"], "unknown mode 'hard'"),
        (["project.conf"], "project.conf: a project.conf is built and checked only with --enforce=strict"),
        (["sub/project.conf::a.bst"], "sub/project.conf::a.bst: a project.conf is built and checked only with"),
    ],
)
def test_a_wrong_value_is_a_usage_error(fake: pytest.Pytester, args: list[str], sentence: str) -> None:
    fake.makepyfile(TESTS)
    result = fake.runpytest(*args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}*"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_wrong_table_is_a_usage_error(fake: pytest.Pytester) -> None:
    fake.makepyprojecttoml("[tool.pytest.ini_options]\n[tool.enforcer]\nmood = 1\n")
    result = fake.runpytest("--enforce=strict")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: [[]tool.enforcer[]] in *pyproject.toml: unknown key 'mood'*"])


def test_a_misspelled_rule_in_the_table_is_a_usage_error_that_names_the_file(fake: pytest.Pytester) -> None:
    entry = '{ entry = "foriegn-write base.bst *", reason = "old" }'
    path = fake.makepyprojecttoml(f"[tool.pytest.ini_options]\n[tool.enforcer]\nallow = [{entry}]\n")
    fake.makepyfile(TESTS)
    result = fake.runpytest("--enforce=strict")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = (
        f"ERROR: [tool.enforcer] in {path}: allow entry 'foriegn-write base.bst *': "
        "unknown rule 'foriegn-write': did you mean 'foreign-write'? choose one of "
    )
    assert text in result.stderr.str()


def test_off_refuses_no_option(fake: pytest.Pytester) -> None:
    fake.makepyfile(TESTS)
    fake.runpytest("--enforce=off", "--enforce-min-jobs=3", "--enforce-report=json:r").assert_outcomes(passed=1)


def test_what_keeps_enforcement_from_starting_is_a_usage_error(fake: pytest.Pytester) -> None:
    fake.makeconftest(
        """
        from enforcer.embedding import activation
        from enforcer.errors import UnsupportedError
        def activate(session):
            raise UnsupportedError("BuildStream 9.9 has no Job.child_action")
        activation.activate = activate
        """
    )
    fake.makepyfile("def test_it(): pass")
    result = fake.runpytest("--enforce=strict")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: BuildStream 9.9 has no Job.child_action"])


def test_fewer_jobs_than_asked_for_fail_the_run(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build(violates=False)")
    result = fake.runpytest("--enforce=strict", "--enforce-min-jobs=3")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["2 jobs were checked, but at least 3 have to be: the run fails"])
    assert fake.runpytest("--enforce=strict", "--enforce-min-jobs=2").ret == 0


def test_fewer_jobs_of_an_action_than_asked_for_fail_the_run(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build(violates=False)")
    result = fake.runpytest("--enforce=strict", "--enforce-min-jobs=2", "--enforce-min-jobs=Build=1,Track=1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["0 Track jobs were checked, but at least 1 has to be: the run fails"])
    result.stdout.no_fnmatch_line("*Build jobs were*")
    assert fake.runpytest("--enforce=strict", "--enforce-min-jobs=Build=1").ret == 0


def test_nothing_checked_is_said_loudly(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(): pass")
    result = fake.runpytest("--enforce=strict", "--enforce-report=json:r.json")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["NOTHING WAS CHECKED: no job ran"])
    assert json.loads((fake.path / "r.json").read_text())["verdict"] == "nothing-checked"


def test_nothing_checked_is_said_in_a_quiet_run_too(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(): pass")
    fake.runpytest("--enforce=strict", "-q").stdout.fnmatch_lines(["NOTHING WAS CHECKED*"])


def test_a_quiet_clean_run_stays_quiet(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build(violates=False)")
    result = fake.runpytest("--enforce=strict", "-q")
    result.stdout.no_fnmatch_line("*enforcement*")


def test_the_header_says_what_is_enforced(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(): pass")
    result = fake.runpytest("--enforce=strict", "--enforce-collect")
    result.stdout.fnmatch_lines(["enforcement: strict on threads, collecting, BuildStream *"])


def test_the_report_names_the_test(fake: pytest.Pytester) -> None:
    fake.makepyfile(test_it=TESTS)
    fake.runpytest("--enforce=strict", "--enforce-report=json:r.json")
    report = json.loads((fake.path / "r.json").read_text())
    assert report["verdict"] == "failed"
    assert [violation["nodeid"] for violation in report["violations"]] == ["test_it.py::test_build"]


def test_a_report_path_is_meant_from_where_pytest_started(fake: pytest.Pytester) -> None:
    fake.makepyfile("import os\ndef test_it(tmp_path): os.chdir(tmp_path)")
    fake.runpytest("--enforce=strict", "--enforce-report=json:r.json")
    assert (fake.path / "r.json").exists()
