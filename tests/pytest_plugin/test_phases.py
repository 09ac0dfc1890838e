"""A finding is judged in the phase of the test that ran the build."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

FINDING = "foreign-write  app.bst (hazard) changed base.bst in its Build job"
PHASE = "found by enforcement strict in a build of the {} phase"


def test_a_finding_fails_the_test_that_built(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build()\ndef test_other(): pass")
    result = fake.runpytest("--enforce", "strict")
    result.assert_outcomes(failed=1, passed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([FINDING, "  environment['FOO']: added 'X'", PHASE.format("call")])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_without_the_flag_nothing_is_judged(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build()")
    fake.runpytest().assert_outcomes(passed=1)


def test_a_build_in_setup_is_an_error_there(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.fixture
        def built(build): build()
        def test_it(built): raise AssertionError("never reached")
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of test_it*", "  built in the set-up of the function-scoped fixture 'built'"]
    )


def test_a_build_in_teardown_is_an_error_there(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.fixture
        def built(build):
            yield
            build()
        def test_it(built): pass
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_it*", "  built in the teardown of the function-scoped fixture 'built'"]
    )


def test_a_wider_scoped_fixture_is_named_and_blamed_once(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.fixture(scope="session")
        def everything(build):
            build()
            yield
            build(path="late")
        def test_first(everything): pass
        def test_second(everything): pass
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_first*",
            "  built in the set-up of the session-scoped fixture 'everything'",
            "*ERROR at teardown of test_second*",
            "  late: added 'X'",
            "  built in the teardown of the session-scoped fixture 'everything'",
        ]
    )


def test_xunit_setup_is_judged(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        class TestIt:
            @pytest.fixture(autouse=True)
            def keep(self, build): self.build = build
            def setup_method(self): pass
            def test_it(self): pass
            def teardown_method(self): self.build()
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(passed=1, errors=1)


def test_unittest_is_judged(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import unittest, pytest
        class TestIt(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def keep(self, build): self.build = build
            def test_build(self): self.build()
            def test_skip(self):
                self.build()
                self.skipTest("no")
            @unittest.expectedFailure
            def test_expected(self):
                self.build()
                assert False
            def test_own(self):
                self.build()
                self.fail("my own")
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(failed=3, xfailed=1)
    result.stdout.fnmatch_lines(["*TestIt.test_own*", "E*AssertionError: my own", "*- enforcement -*", FINDING])


def test_xfail_counts_a_finding(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.mark.xfail(reason="bug 7", strict=True)
        def test_build(build): build()
        """
    )
    result = fake.runpytest("--enforce=strict", "--enforce-report=json:r.json")
    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    report = (fake.path / "r.json").read_text()
    assert '"verdict": "clean"' in report
    assert '"allowed": "xfail: bug 7"' in report


def test_xfail_that_raises_something_else_stays_failed(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.mark.xfail(raises=ZeroDivisionError)
        def test_build(build): build()
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(failed=1)


def test_strict_xfail_without_a_finding_fails(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.mark.xfail(strict=True)
        def test_build(build): build(violates=False)
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(failed=1)


def test_a_skip_does_not_hide_a_finding(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        def test_build(build):
            build()
            pytest.skip("no network")
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(failed=1)


def test_a_test_s_own_failure_stays_and_the_finding_is_a_section(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        def test_build(build):
            build()
            assert 1 == 2
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*assert 1 == 2", "*- enforcement -*", FINDING])


def test_exitfirst_stops_at_a_finding(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build()\ndef test_other(): pass")
    fake.runpytest("--enforce=strict", "-x").assert_outcomes(failed=1)


def test_last_failed_runs_it_again(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_other(): pass\ndef test_build(build): build()")
    fake.runpytest("--enforce=strict").assert_outcomes(failed=1, passed=1)
    result = fake.runpytest("--enforce=strict", "--lf")
    result.assert_outcomes(failed=1)


def test_pdb_is_entered(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        debugger="""
        class Debugger:
            quitting = False
            def __init__(self, *args, **kwargs): pass
            def set_trace(self, *args): pass
            def reset(self): print("RESET")
            def interaction(self, *args): print("DEBUGGING")
            def setup(self, *args): pass
        """
    )
    fake.makepyfile("def test_build(build): build()")
    fake.syspathinsert()
    result = fake.runpytest("--enforce=strict", "--pdb", "--pdbcls=debugger:Debugger")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*DEBUGGING*"])


@pytest.mark.skipif(
    find_spec("_pytest.subtests") is None and find_spec("pytest_subtests") is None, reason="no subtests"
)
def test_a_build_in_a_subtest_fails_the_test_around_it(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        def test_it(build, subtests):
            with subtests.test("one"):
                build(violates=False)
            with subtests.test("two"):
                build()
            with subtests.test("three"):
                assert False
        """
    )
    result = fake.runpytest("--enforce=strict", "--enforce-min-jobs=4", "--enforce-report=json:r.json")
    # The third subtest, and the test: for the build of the second.
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([FINDING, "checked 4 of 4 jobs (2 Build, 2 Fetch)"])
    assert '"violations": 1,' in (fake.path / "r.json").read_text()


def test_many_findings_are_shown_by_group(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        def test_build(build):
            for number in range(100): build(element=f"e{number}.bst")
            for number in range(30): build(path=f"attribute{number}")
        """
    )
    result = fake.runpytest("--enforce=strict")
    result.stdout.fnmatch_lines(["  and 99 more like it", "... and 21 more"])


@pytest.mark.parametrize("mode", ["soft", "discard"])
def test_softer_modes_warn_in_the_phase(fake: pytest.Pytester, mode: str) -> None:
    fake.makepyfile("def test_build(build): build()")
    result = fake.runpytest(f"--enforce={mode}")
    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*test_build*", "*EnforcementWarning: foreign-write: app.bst (hazard) changed base.bst*: added 'X'*"]
    )


def test_a_warning_that_is_an_error_fails_the_phase(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        def test_build(build): build()
        def test_setup(request): pass
        @pytest.fixture
        def built(build): build()
        def test_fixture(built): pass
        """
    )
    result = fake.runpytest("--enforce=soft", "-W", "error")
    result.assert_outcomes(failed=1, passed=1, errors=1)
    result.stdout.fnmatch_lines(["EnforcementWarning: foreign-write: app.bst (hazard) changed base.bst*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_filters_apply_to_the_warning(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.mark.filterwarnings("ignore::enforcer.errors.EnforcementWarning")
        def test_ignored(build): build()
        @pytest.mark.filterwarnings("error::enforcer.errors.EnforcementWarning")
        def test_error(build): build()
        """
    )
    fake.runpytest("--enforce=soft").assert_outcomes(passed=1, failed=1, warnings=0)


def test_a_rule_s_mere_warning_does_not_fail_under_strict(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build(severity='warning')")
    fake.runpytest("--enforce=strict").assert_outcomes(passed=1, warnings=1)


def test_collect_fails_the_test_in_any_mode(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build()")
    fake.runpytest("--enforce=discard", "--enforce-collect").assert_outcomes(failed=1)


def test_a_build_outside_of_any_test_fails_the_run(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_it(): pass")
    fake.makeconftest(
        (fake.path / "conftest.py").read_text()
        + """
@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    enforcing = session.config.stash[enforcing_key]
    job = Job("app.bst", "Build", 1, "hazard")
    with enforcing.session.recording() as record:
        record.findings.append(Finding("foreign-write", "error", job, Owner("element", "base.bst"), "x", "added"))
"""
    )
    result = fake.runpytest("--enforce=strict")
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["1 of the findings come from builds outside of any test: the run fails"])


def test_an_interrupted_test_keeps_its_finding(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        def test_build(build):
            build()
            raise KeyboardInterrupt
        """
    )
    result = fake.runpytest_subprocess("--enforce=strict")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([FINDING, "1 new violation"])


def test_junit_has_a_property_for_each_finding(fake: pytest.Pytester) -> None:
    fake.makepyfile("def test_build(build): build()")
    fake.runpytest("--enforce=strict", "--junitxml=junit.xml")
    text = (fake.path / "junit.xml").read_text()
    assert '<property name="enforcement" value="foreign-write: app.bst (hazard) changed base.bst' in text
