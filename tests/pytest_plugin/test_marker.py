"""The `enforce` marker may loosen, with a reason, and nothing else."""

from __future__ import annotations

import pytest


def run(fake: pytest.Pytester, marker: str, *args: str) -> pytest.RunResult:
    fake.makepyfile(f"import pytest\n@pytest.mark.enforce({marker})\ndef test_build(build): build()\n")
    return fake.runpytest("--strict-markers", *(args or ("--enforce=strict",)))


def test_a_looser_mode_warns_and_the_reason_is_in_the_report(fake: pytest.Pytester) -> None:
    result = run(fake, "mode='soft', reason='old plugin'", "--enforce=strict", "--enforce-report=json:r.json")
    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == 0
    assert '"allowed": "old plugin"' in (fake.path / "r.json").read_text()


def test_off_looks_at_nothing(fake: pytest.Pytester) -> None:
    result = run(fake, "mode='off', reason='measures time'")
    result.assert_outcomes(passed=1, warnings=0)
    result.stdout.fnmatch_lines(["checked 0 of 0 jobs"])


def test_an_allowed_finding_passes(fake: pytest.Pytester) -> None:
    result = run(fake, "allow=['foreign-write base.bst environment[*]'], reason='bug 7'")
    result.assert_outcomes(passed=1, warnings=0)


def test_another_finding_does_not(fake: pytest.Pytester) -> None:
    run(fake, "allow=['foreign-write other.bst *'], reason='bug 7'").assert_outcomes(failed=1)


def test_it_never_tightens_a_softer_run(fake: pytest.Pytester) -> None:
    run(fake, "mode='discard', reason='x'", "--enforce=soft").assert_outcomes(passed=1, warnings=1)


def test_off_on_the_command_line_wins(fake: pytest.Pytester) -> None:
    run(fake, "mode='soft', reason='x'", "--enforce=off").assert_outcomes(passed=1, warnings=0)


def test_without_the_flag_it_is_registered_and_means_nothing(fake: pytest.Pytester) -> None:
    result = run(fake, "mode='soft', reason='x'", "-W", "error")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        ("mode='soft'", "it has no reason: say why this test may be looser"),
        ("mode='soft', reason=' '", "it has no reason"),
        ("mode='strict', reason='x'", "it may only loosen"),
        ("mode='sotf', reason='x'", "unknown mode 'sotf': choose one of off, soft, discard, strict"),
        ("backend='thread', reason='x'", "unknown backend 'thread'"),
        ("allow='foreign-write a b', reason='x'", "give a list"),
        ("allow=['foreign-write'], reason='x'", "is not 'RULE OWNER PATH'"),
        (
            "allow=['foreign_write a b'], reason='x'",
            "allow entry 'foreign_write a b': unknown rule 'foreign_write': did you mean 'foreign-write'? choose",
        ),
        ("'soft', reason='x'", "does not know 'soft': it takes mode=, backend=, allow=, reason="),
        ("modes='soft', reason='x'", "does not know modes="),
        ("reason='x'", "it changes nothing: give mode=, backend= or allow="),
    ],
)
def test_misuse_is_an_error_of_that_test_alone(fake: pytest.Pytester, marker: str, sentence: str) -> None:
    fake.makepyfile(test_other="def test_other(): pass")
    result = run(fake, marker)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([f"marker enforce of test_misuse*::test_build: *{sentence.replace('[', '[[]')}*"])
    assert "Traceback" not in result.stdout.str()


def test_a_fixture_is_held_to_the_markers_of_its_own_scope(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.fixture(scope="session")
        def everything(build): build()
        @pytest.mark.enforce(mode="off", reason="x")
        def test_it(everything, build): build()
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(errors=1)


def test_markers_of_a_module_hold_for_its_fixtures_and_tests(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.enforce(mode="soft", reason="x")
        @pytest.fixture(scope="module")
        def everything(build): build()
        @pytest.mark.enforce(allow=["foreign-write base.bst environment[*]"], reason="y")
        def test_it(everything, build): build()
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(passed=1, warnings=1)
