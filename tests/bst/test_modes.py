"""The modes, by what a build ends with and what it leaves."""

from __future__ import annotations

import pytest

from tests.bst.builds import Build

# Reach the reverse dependency that is not built yet and change what it will be built with: under
# stock its artifact is another one under the same cache key.
HAZARD = (
    "[element.get_environment().update(LEAK='1')"
    " for element in Plugin._Plugin__TABLE.values() if getattr(element, 'name', '') == 'victim.bst']"
    " if 'HAZARD' in os.environ else None"
)


@pytest.fixture
def hazardous(build: Build) -> Build:
    """`bad` changes `victim`, which is built after it."""
    build.element("bad", HAZARD, "base")
    build.element("victim", "pass", "bad")
    return build


@pytest.fixture
def untouched(hazardous: Build) -> str:
    """What the victim holds where the write was never made."""
    other = Build(hazardous.directory / "untouched")
    other.element("bad", HAZARD, "base")
    other.element("victim", "pass", "bad")
    assert other.stock("build", "victim.bst").status == 0
    return other.checkout("victim")


def test_the_hazard_is_real_under_stock_buildstream(hazardous: Build, untouched: str) -> None:
    assert hazardous.stock("build", "victim.bst", HAZARD="1").status == 0
    assert "LEAK" in hazardous.checkout("victim")
    assert "LEAK" not in untouched


@pytest.mark.parametrize("mode", ["soft", "discard"])
def test_soft_and_discard_build_what_was_built_had_the_write_not_been_made(
    hazardous: Build, untouched: str, mode: str
) -> None:
    ran = hazardous.enforced("build", "victim.bst", mode=mode, HAZARD="1")
    assert (ran.status, ran.rules, ran.report["verdict"]) == (0, ["foreign-write"], "warned")
    assert hazardous.checkout("victim") == untouched
    assert f"enforcement {mode}: " in ran.output


def test_strict_fails_the_job_as_a_buildstream_job_fails(hazardous: Build) -> None:
    ran = hazardous.enforced("build", "victim.bst", HAZARD="1")
    assert (ran.status, ran.report["verdict"]) == (1, "failed")
    assert "FAILURE enforcement strict: foreign-write" in ran.output
    assert "environment['LEAK']: added '1'" in ran.output
    assert "BUG" not in ran.output
    (log,) = (hazardous.directory / "logs/tiny/bad").glob("*-build.*.log")
    assert "environment['LEAK']: added '1'" in log.read_text(encoding="utf-8")


def test_off_is_stock(hazardous: Build) -> None:
    ran = hazardous.enforced("build", "victim.bst", mode="off", HAZARD="1")
    assert ran.status == 0
    assert "LEAK" in hazardous.checkout("victim")


def test_collect_finds_everything_in_one_run_and_fails_at_its_end(build: Build) -> None:
    build.element("one", 'dep.get_environment()["ONE"] = "1"', "base")
    build.element("two", 'STATE["two"] = 2', "one")
    ran = build.enforced("build", "two.bst", collect=True)
    assert (ran.status, sorted(ran.rules)) == (1, ["foreign-write", "module-write"])
    assert build.artifacts_of("two") != []


def test_with_on_error_continue_independent_elements_are_built(build: Build) -> None:
    build.element("bad", 'dep.get_environment()["ONE"] = "1"', "base")
    build.element("good", "pass", "base")
    build.element("both", "stack", "bad", "good", runs=True)
    ran = build.enforced("--on-error", "continue", "build", "both.bst")
    assert ran.status == 1
    assert build.artifacts_of("good") != []
    assert build.artifacts_of("bad") == []


@pytest.mark.parametrize("mode", ["strict", "soft", "discard"])
def test_the_jobs_own_failure_stays_its_own(build: Build, mode: str) -> None:
    build.element("bad", "exec(\"raise ElementError('my own fault')\")", "base")
    ran = build.enforced("build", "bad.bst", mode=mode)
    assert ran.status == 255
    assert "FAILURE my own fault" in ran.output
    assert ran.rules == []


def test_a_job_that_fails_and_violates_says_both(build: Build) -> None:
    build.element("bad", 'dep.get_environment()["ONE"] = "1"; exec("raise ElementError(\'my own fault\')")', "base")
    ran = build.enforced("build", "bad.bst")
    assert (ran.status, ran.rules) == (1, ["foreign-write"])
    assert "The job itself failed too: my own fault" in ran.output
