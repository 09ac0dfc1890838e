"""A baseline in pytest: known findings fail no test, new ones do, and an update fails nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pytest_plugin import real

LINE = "foreign-write hazard element environment[*]\n"
TESTS = """
import pytest

def test_known(build): build()
def test_elsewhere(build): build(element="other.bst", owner="z.bst", path="environment['BAR']")
def test_clean(build): build(violates=False)
"""
ANOTHER = "\ndef test_new(build): build(path='opt')\n"


def read(inner: pytest.Pytester, name: str = "r.json") -> Any:
    return json.loads((inner.path / name).read_text())


@pytest.mark.parametrize("spread", [(), ("-n2",)])
def test_update_fails_nothing_and_what_it_wrote_is_known(fake: pytest.Pytester, spread: tuple[str, ...]) -> None:
    if spread:
        pytest.importorskip("xdist")
        pytest.importorskip("buildstream")
    fake.makepyfile(test_it=TESTS)
    words = ("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-report=json:r.json", *spread)
    updated = fake.runpytest(*words, "--enforce-update-baseline")
    updated.assert_outcomes(passed=3)
    assert updated.ret == 0
    updated.stdout.fnmatch_lines(
        [
            "enforcement: strict on threads, updating baseline known.txt, *",
            "baseline known.txt: 1 entry added, 1 in all",
        ]
    )
    assert (fake.path / "known.txt").read_text() == LINE
    assert read(fake)["summary"]["known"] == 2

    fake.makepyfile(test_it=TESTS + ANOTHER)
    strict = fake.runpytest(*words, "--junitxml=junit.xml")
    assert (fake.path / "junit.xml").read_text().count("(known from the baseline)") == 2
    strict.assert_outcomes(passed=3, failed=1)
    strict.stdout.fnmatch_lines(["enforcement: *, with baseline known.txt, *", "1 new violation, 2 known"])
    assert sorted((each["nodeid"], each["known"]) for each in read(fake)["violations"]) == [
        ("test_it.py::test_elsewhere", True),
        ("test_it.py::test_known", True),
        ("test_it.py::test_new", False),
    ]


def test_an_update_only_adds_and_leaves_out_what_is_allowed(fake: pytest.Pytester) -> None:
    (fake.path / "known.txt").write_text("module-write gone module X\n")
    fake.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        [tool.enforcer]
        baseline = "known.txt"
        allow = [{ entry = "foreign-write base.bst in_table", reason = "old" }]
        """
    )
    fake.makepyfile(
        """
        import pytest
        def test_table(build): build(path="in_table")
        @pytest.mark.enforce(allow=["foreign-write base.bst in_marker"], reason="why")
        def test_marker(build): build(path="in_marker")
        @pytest.mark.enforce(mode="soft", reason="why")
        def test_looser(build): build(path="in_looser")
        def test_expected(build, enforcement):
            with enforcement.expects("foreign-write"):
                build(path="expected")
        def test_new(build): build(path="new")
        """
    )
    result = fake.runpytest("--enforce=strict", "--enforce-update-baseline")
    result.assert_outcomes(passed=5)
    assert (fake.path / "known.txt").read_text() == "foreign-write hazard element new\nmodule-write gone module X\n"


def test_a_test_that_is_expected_to_fail_goes_on_to_and_adds_nothing(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.mark.xfail(reason="issue 7", strict=True)
        def test_expected(build): build(path="expected")
        @pytest.mark.xfail(raises=pytest.fail.Exception)
        def test_raising(build): build(path="raising")
        @pytest.mark.xfail(False, reason="elsewhere")
        def test_not_here(build): build(path="here")
        @pytest.mark.xfail(raises=ValueError)
        def test_something_else(build): build(path="else")
        """
    )
    words = ("--enforce=strict", "--enforce-baseline=known.txt")
    updated = fake.runpytest(*words, "--enforce-update-baseline")
    updated.assert_outcomes(xfailed=2, passed=1, xpassed=1)
    lines = "foreign-write hazard element else\nforeign-write hazard element here\n"
    assert (fake.path / "known.txt").read_text() == lines
    fake.runpytest(*words).assert_outcomes(xfailed=2, passed=1, xpassed=1)


def test_an_update_warns_of_nothing_and_lists_warnings_too(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(build): build(severity='warning', path='lock')")
    words = ("--enforce=strict", "--enforce-baseline=known.txt", "-W", "error")
    fake.runpytest(*words, "--enforce-update-baseline").assert_outcomes(passed=1)
    assert (fake.path / "known.txt").read_text() == "foreign-write hazard element lock\n"
    fake.runpytest(*words).assert_outcomes(passed=1)
    fake.runpytest(*words[:1], *words[2:]).assert_outcomes(failed=1)


def test_an_update_fails_as_the_tests_do_by_themselves(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(build):\n    build()\n    assert False")
    result = fake.runpytest("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-update-baseline")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert (fake.path / "known.txt").read_text() == LINE


def test_an_update_still_fails_where_we_could_not_look(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        from pytest_plugin.enforcing import enforcing_key
        def test_it(build, pytestconfig):
            build()
            with pytestconfig.stash[enforcing_key].session.recording() as record:
                record.errors.append("we could not look")
        """
    )
    result = fake.runpytest("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-update-baseline")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_an_update_does_not_hide_that_a_build_was_outside_of_any_test(fake: pytest.Pytester) -> None:
    """Known findings of builds at import or in hooks fail the run no more than those of tests."""
    conftest = fake.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
def pytest_sessionfinish(session):
    enforcing = session.config.stash[enforcing_key]
    finding = Finding("foreign-write", "error", Job("app.bst", "Build"), Owner("element", "base.bst"), "outside")
    enforcing.session.classify(finding)
    with enforcing.session.recording() as record:
        record.findings.append(finding)
"""
    )
    fake.makepyfile("def test_it(): pass")
    words = ("--enforce=strict", "--enforce-baseline=known.txt")
    assert fake.runpytest(*words, "--enforce-update-baseline").ret == 0
    assert (fake.path / "known.txt").read_text() == "foreign-write - element outside\n"
    assert fake.runpytest(*words).ret == 0
    assert fake.runpytest(words[0]).ret == pytest.ExitCode.TESTS_FAILED


def test_a_quiet_update_says_what_it_did(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(build): build()")
    result = fake.runpytest("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-update-baseline", "-q")
    result.stdout.fnmatch_lines(["baseline known.txt: 1 entry added, 1 in all"])


def test_collecting_only_writes_no_baseline(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(build): build()")
    words = ("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-update-baseline", "--collect-only")
    assert fake.runpytest(*words).ret == 0
    assert not (fake.path / "known.txt").exists()


def test_a_path_is_meant_from_where_it_is_written(fake: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line from the working directory, an ini value from its file, the table from its pyproject.toml."""
    below = fake.mkdir("below")
    for name in ("table", "ini"):
        (fake.path / f"{name}.txt").write_text("")
    (below / "given.txt").write_text("")
    (below / "test_it.py").write_text("def test_it(): pass")
    monkeypatch.chdir(below)
    table = '[tool.pytest.ini_options]\n%s\n[tool.enforcer]\nbaseline = "table.txt"\n'

    def used(ini: str, *words: str) -> Path:
        fake.path.joinpath("pyproject.toml").write_text(table % ini)
        from pytest_plugin.enforcing import enforcing_key

        baseline = fake.parseconfigure("--enforce=strict", *words).stash[enforcing_key].settings.baseline
        assert baseline is not None
        return baseline.path

    assert used("") == fake.path / "table.txt"
    assert used('enforce_baseline = "ini.txt"') == fake.path / "ini.txt"
    assert used('enforce_baseline = "ini.txt"', "--enforce-baseline=given.txt") == below / "given.txt"


def test_a_test_that_leaves_the_directory_does_not_move_the_file(fake: pytest.Pytester) -> None:
    fake.makepyfile("import os\ndef test_it(tmp_path, build):\n    os.chdir(tmp_path)\n    build()")
    fake.runpytest("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-update-baseline")
    assert (fake.path / "known.txt").read_text() == LINE


def test_both_are_ini_values_too(fake: pytest.Pytester) -> None:
    fake.makeini("[pytest]\nenforce = strict\nenforce_baseline = known.txt\nenforce_update_baseline = true\n")
    fake.makepyfile("def test_it(build): build()")
    fake.runpytest().assert_outcomes(passed=1)
    assert (fake.path / "known.txt").read_text() == LINE


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--enforce-baseline=no.txt"], "there is no baseline 'no.txt': make it with *--enforce-update-baseline*"),
        (["--enforce-baseline=broken.txt"], "broken.txt:2: 'what?' is no line of a baseline*"),
        (
            ["--enforce-update-baseline"],
            "--enforce-update-baseline has no file to update: give*",
        ),
        (
            ["--enforce-baseline=no/such.txt", "--enforce-update-baseline"],
            "cannot write the baseline 'no/such.txt': No such file or directory",
        ),
        (["--enforce-baseline=."], "cannot read the baseline '.': Is a directory"),
        (["-o", "enforce_update_baseline=perhaps"], "ini value enforce_update_baseline: *perhaps*"),
    ],
)
def test_a_wrong_baseline_is_a_usage_error(fake: pytest.Pytester, args: list[str], sentence: str) -> None:
    fake.makepyfile("def test_it(build): build()")
    (fake.path / "broken.txt").write_text(f"{LINE}what?\n")
    result = fake.runpytest("--enforce=strict", *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


REAL = """
from conftest import PROJECT
import os, pytest

def test_in_process(cli):
    cli.run(project=PROJECT, args=["build", "top.bst"]).assert_success()

def test_in_a_bst_process(bst):
    result = bst("build", "top.bst")
    assert result.returncode == 0, result.stderr
"""
NEW_WRITE = '        dep.get_environment()["FOO"] = "X"\n'


@pytest.mark.parametrize("words", [(), ("--enforce-backend=pool", "-n2")], ids=["threads", "pool in two workers"])
def test_real_builds_in_both_forms(inner: pytest.Pytester, words: tuple[str, ...]) -> None:
    pytest.importorskip("buildstream")
    if "-n2" in words:
        pytest.importorskip("xdist")
    project = real.write(inner.path / "project")
    inner.makeconftest(real.CONFTEST)
    inner.makepyfile(test_it=REAL)
    quiet = [f"-Wignore::DeprecationWarning:buildstream._frontend.{module}" for module in ("cli", "complete")]
    words = ("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-report=json:r.json", *words, *quiet)

    updated = inner.runpytest_subprocess(*words, "--enforce-update-baseline")
    updated.assert_outcomes(passed=2)
    assert (inner.path / "known.txt").read_text() == LINE

    plugin = project / "plugins" / "hazard.py"
    plugin.write_text("# lines\n# moved\n" + plugin.read_text())
    known = inner.runpytest_subprocess(*words)
    known.assert_outcomes(passed=2)
    assert known.ret == 0
    report = read(inner)
    assert (report["verdict"], report["summary"]["violations"], report["summary"]["known"]) == ("clean", 0, 2)
    assert (report["partial"], report["unwatched"]) == ([], [])

    plugin.write_text(plugin.read_text().replace(NEW_WRITE, f"{NEW_WRITE}        dep._plugin.opt = 1\n"))
    new = inner.runpytest_subprocess(*words)
    new.assert_outcomes(failed=2)
    summary = read(inner)["summary"]
    assert (summary["violations"], summary["known"]) == (2, 2)


def test_a_collected_project(inner: pytest.Pytester) -> None:
    pytest.importorskip("buildstream")
    real.write(inner.path)
    words = ("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-report=json:r.json", "project.conf")
    inner.runpytest_subprocess(*words, "--enforce-update-baseline").assert_outcomes(passed=4)
    assert (inner.path / "known.txt").read_text() == LINE
    inner.runpytest_subprocess(*words).assert_outcomes(passed=4)
    assert (read(inner)["summary"]["known"], read(inner)["partial"]) == (1, [])
    inner.runpytest_subprocess(*words[:3], "project.conf::top.bst").assert_outcomes(passed=1)
    assert read(inner)["partial"] == ["only project.conf::top.bst was to run"]
