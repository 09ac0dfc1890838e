"""The `enforcement` fixture."""

from __future__ import annotations

import pytest


def run(fake: pytest.Pytester, body: str, *args: str) -> pytest.RunResult:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    fake.makepyfile(f"import pytest\ndef test_it(enforcement, build):\n{lines}\n")
    return fake.runpytest(*(args or ("--enforce=strict",)))


def test_expected_findings_are_consumed(fake: pytest.Pytester) -> None:
    result = run(
        fake,
        """
with enforcement.expects("foreign-write", owner="base.bst") as found:
    build()
    build(path="other")
assert [finding.path for finding in found] == ["environment['FOO']", "other"]
assert enforcement.findings == []
""",
        "--enforce=strict",
        "--enforce-report=json:r.json",
    )
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert '"allowed": "expected by the test"' in (fake.path / "r.json").read_text()


def test_none_where_one_is_expected_fails(fake: pytest.Pytester) -> None:
    result = run(fake, "with enforcement.expects('foreign-write', owner='base.bst'):\n    build(violates=False)")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*expected a foreign-write finding on base.bst at [*], but there was none, nor any other"]
    )


def test_another_owner_or_path_is_not_what_was_expected(fake: pytest.Pytester) -> None:
    result = run(fake, "with enforcement.expects('foreign-write', owner='b.bst', path='x[*]'):\n    build()")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there were:", "*  foreign-write base.bst environment[[][*]]"])


def test_what_was_not_expected_still_fails(fake: pytest.Pytester) -> None:
    body = "with enforcement.expects('foreign-write', path='a'):\n    build(path='a')\n    build(path='b')"
    result = run(fake, body)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  b: added 'X'"])
    result.stdout.no_fnmatch_line("  a: added 'X'")


def test_what_was_built_before_the_block_does_not_count(fake: pytest.Pytester) -> None:
    result = run(fake, "build()\nwith enforcement.expects('foreign-write'):\n    build(violates=False)")
    result.assert_outcomes(failed=1)


def test_the_block_s_own_exception_goes_first(fake: pytest.Pytester) -> None:
    result = run(fake, "with enforcement.expects('foreign-write'):\n    raise KeyError('mine')")
    result.stdout.fnmatch_lines(["E*KeyError: 'mine'"])
    result.stdout.no_fnmatch_line("*expected a foreign-write*")


def test_no_warning_for_what_was_expected_in_a_soft_run(fake: pytest.Pytester) -> None:
    result = run(fake, "with enforcement.expects('foreign-write'):\n    build()", "--enforce=soft")
    result.assert_outcomes(passed=1, warnings=0)


def test_an_unknown_rule_is_a_mistake(fake: pytest.Pytester) -> None:
    result = run(fake, "with enforcement.expects('foreign-writes'):\n    build()")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unknown rule 'foreign-writes': did you mean 'foreign-write'[?] choose one of *"])


@pytest.mark.parametrize("args", [["--enforce=off"], ["-q"]])
def test_without_enforcement_the_test_is_skipped(fake: pytest.Pytester, args: list[str]) -> None:
    body = "assert enforcement.findings == []\nwith enforcement.expects('foreign-write'):\n    assert False"
    result = run(fake, body, "-rs", *args)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*expects a foreign-write finding: the test needs --enforce"])


def test_where_a_marker_switched_enforcement_off_it_is_skipped(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.mark.enforce(mode="off", reason="x")
        def test_it(enforcement):
            with enforcement.expects("foreign-write"): pass
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(skipped=1)


def test_findings_hold_those_of_the_setup_too(fake: pytest.Pytester) -> None:
    fake.makepyfile(
        """
        import pytest
        @pytest.fixture
        def built(build): build(severity="warning", path="a")
        def test_it(built, enforcement, build):
            build(severity="warning", path="b")
            assert [finding.path for finding in enforcement.findings] == ["a", "b"]
        """
    )
    fake.runpytest("--enforce=strict").assert_outcomes(passed=1, warnings=2)
