"""Enforcement beside other plugins, without some, in nested runs, and spread over processes."""

from __future__ import annotations

import json

import pytest

TESTS = """
import pytest
def test_build(build): build()
def test_clean(build): build(violates=False, element="b.bst")
def test_own(build):
    build(path="x")
    assert 0
@pytest.mark.xfail(reason="known")
def test_xfail(build): build(path="y")
@pytest.mark.parametrize("number", range(4))
def test_many(build, number): build(element=f"e{number}.bst")
@pytest.mark.enforce(mode="soft", reason="old")
def test_soft(build): build(path="z")
def test_expected(build, enforcement):
    with enforcement.expects("foreign-write", owner="base.bst"):
        build()
"""


@pytest.mark.parametrize("plugin", ["terminal", "cacheprovider", "warnings", "xdist", "junitxml", "subtests"])
def test_it_works_without(fake: pytest.Pytester, plugin: str) -> None:
    fake.makepyfile(TESTS)
    # Without its plugin, warnings would reach this run.
    run = fake.runpytest_subprocess if plugin == "warnings" else fake.runpytest
    result = run("--enforce=strict", "-p", f"no:{plugin}", "--enforce-report=json:r.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert json.loads((fake.path / "r.json").read_text())["summary"]["violations"] == 6


@pytest.mark.parametrize("args", [["-q"], ["-qq"], ["-v"], ["-vv"], ["--tb=short"], ["--tb=no"], ["--no-summary"]])
def test_it_works_with(fake: pytest.Pytester, args: list[str]) -> None:
    fake.makepyfile(TESTS)
    result = fake.runpytest("--enforce=strict", *args)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "INTERNALERROR" not in result.stdout.str()


def test_two_runs_in_one_process_do_not_mix(fake: pytest.Pytester) -> None:
    fake.makeconftest((fake.path / "conftest.py").read_text() + "\npytest_plugins = ['pytester']\n")
    fake.makepyfile(
        """
        import subprocess
        from enforcer.embedding.watch import _watches
        def test_inner(build, pytester, request):
            outer = subprocess.Popen.__init__
            build(violates=False)
            pytester.makeconftest(open(request.path.parent / "conftest.py").read())
            pytester.makepyfile('''
                import subprocess
                from enforcer.embedding.watch import _watches
                def test_it(build):
                    assert len(_watches) == 2
                    build()
                ''')
            result = pytester.runpytest("--enforce=strict")
            result.assert_outcomes(failed=1)
            result.stdout.fnmatch_lines(["checked 2 of 2 jobs (1 Build, 1 Fetch)"])
            assert len(_watches) == 1
            assert subprocess.Popen.__init__ is not subprocess.Popen.__init__.__wrapped__
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["checked 2 of 2 jobs (1 Build, 1 Fetch)"])


def test_an_inner_run_without_the_flag_leaves_the_outer_one_on(fake: pytest.Pytester) -> None:
    fake.makeconftest((fake.path / "conftest.py").read_text() + "\npytest_plugins = ['pytester']\n")
    fake.makepyfile(
        """
        from enforcer.embedding.watch import _watches
        def test_inner(pytester):
            pytester.makepyfile('''
                from enforcer.embedding.watch import _watches
                def test_it(): assert len(_watches) == 1
                ''')
            pytester.runpytest().assert_outcomes(passed=1)
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(passed=1)


@pytest.mark.parametrize("args", [[], ["--dist=loadscope"], ["--dist=loadgroup"]])
def test_with_xdist_report_and_summary_are_those_without(fake: pytest.Pytester, args: list[str]) -> None:
    fake.makepyfile(TESTS + "\n@pytest.mark.xdist_group('g')\ndef test_grouped(build): build(path='g')\n")
    alone = fake.runpytest("--enforce=strict", "--enforce-report=json:r.json", "-W", "ignore")
    expected = (fake.path / "r.json").read_bytes()
    spread = fake.runpytest("--enforce=strict", "--enforce-report=json:r.json", "-W", "ignore", "-n", "2", *args)
    assert (fake.path / "r.json").read_bytes() == expected
    assert spread.parseoutcomes() == alone.parseoutcomes()
    assert _section(spread) == _section(alone)


def _section(result: pytest.RunResult) -> list[str]:
    lines = result.stdout.str().partition("= enforcement =")[2].splitlines()[1:]
    return lines[: next(index for index, line in enumerate(lines) if "short test summary" in line)]


def test_properties_reach_junit_from_a_worker(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build()")
    fake.runpytest("--enforce=strict", "-n1", "--junitxml=junit.xml")
    assert '<property name="enforcement" value="foreign-write: ' in (fake.path / "junit.xml").read_text()


def test_a_crashed_worker_loses_nothing_that_it_reported(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import os
        def test_a(build): build(path="a")
        def test_b(build): build(path="b")
        def test_crash(): os._exit(1)
        def test_c(build): build(path="c")
        """
    )
    fake.runpytest("--enforce=strict", "-n1", "--enforce-report=json:r.json")
    report = json.loads((fake.path / "r.json").read_text())
    assert [violation["path"] for violation in report["violations"]] == ["a", "b", "c"]


def test_what_a_worker_saw_outside_of_tests_comes_home(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(): pass")
    fake.makeconftest(
        (fake.path / "conftest.py").read_text()
        + """
@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    enforcing = session.config.stash[enforcing_key]
    if hasattr(session.config, "workerinput"):
        with enforcing.session.recording() as record:
            record.checked += 5
            record.jobs += 5
"""
    )
    result = fake.runpytest("--enforce=strict", "-n1")
    result.stdout.fnmatch_lines(["checked 5 of 5 jobs"])


def test_the_controller_activates_nothing(fake: pytest.Pytester) -> None:
    fake.makeconftest(
        (fake.path / "conftest.py").read_text()
        + """
import os, subprocess
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        assert not hasattr(subprocess.Popen.__init__, "__wrapped__")
        print("NOTHING PATCHED")
"""
    )
    fake.makepyfile("def test_build(build): build(violates=False)")
    result = fake.runpytest("--enforce=strict", "-n1", "-s")
    result.stdout.fnmatch_lines(["*NOTHING PATCHED*"])


def test_workers_that_cannot_enforce_are_not_started(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    inner.makepyfile(**{"elsewhere/buildstream/__init__": "__version__ = '9.9'"})
    monkeypatch.setenv("PYTHONPATH", str(inner.path / "elsewhere"))
    inner.makepyfile("def test_it(): pass")
    result = inner.runpytest_subprocess("--enforce=strict", "-n1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: BuildStream 9.9 has no buildstream.*, which enforcement needs: *"])
    result.stdout.no_fnmatch_line("*node down*")
