"""The report says whether the run was a full one, and why not: a partial one can't tell what is found no more."""

from __future__ import annotations

import json

import pytest

TESTS = {
    "tests/test_a.py": "def test_one(build): build(violates=False)\ndef test_two(): pass\n",
    "tests/sub/test_b.py": "def test_three(): pass\n",
}


@pytest.fixture
def suite(fake: pytest.Pytester) -> pytest.Pytester:
    """Three tests below `testpaths`."""
    for name, text in TESTS.items():
        path = fake.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    fake.makeini("[pytest]\ntestpaths = tests\n")
    return fake


def partial(suite: pytest.Pytester, *args: str) -> list[str]:
    suite.runpytest("--enforce=strict", "--enforce-report=json:r.json", *args)
    reasons: list[str] = json.loads((suite.path / "r.json").read_text())["partial"]
    return reasons


@pytest.mark.parametrize("args", [(), ("tests",), (".",), ("tests/../tests",), ("--ff",), ("-k", "test"), ("-q",)])
def test_a_full_run_is_called_full(suite: pytest.Pytester, args: tuple[str, ...]) -> None:
    assert partial(suite, *args) == []


@pytest.mark.parametrize(
    ("args", "reasons"),
    [
        (("-k", "one"), ["2 tests were deselected (-k 'one')"]),
        (("-k", "one", "-m", "not slow"), ["2 tests were deselected (-k 'one', -m 'not slow')"]),
        (
            ("--deselect", "tests/test_a.py::test_two"),
            ["1 test was deselected (--deselect ['tests/test_a.py::test_two'])"],
        ),
        (("--lf",), ["--lf"]),
        (("--sw",), ["--stepwise"]),
        (("--ignore=tests/sub",), ["--ignore"]),
        (("--ignore-glob=*sub*",), ["--ignore-glob"]),
        (("tests/test_a.py",), ["only tests/test_a.py was to run"]),
        (("tests/test_a.py", "tests/sub"), ["only tests/test_a.py tests/sub was to run"]),
        (("tests/test_a.py::test_one",), ["only tests/test_a.py::test_one was to run"]),
    ],
)
def test_a_choice_of_tests_is_partial(suite: pytest.Pytester, args: tuple[str, ...], reasons: list[str]) -> None:
    assert partial(suite, *args)[-len(reasons) :] == reasons


def test_all_of_testpaths_by_name_is_full(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\ntestpaths = tests/test_*.py tests/sub\n")
    assert partial(suite, "tests/test_a.py", "tests/sub") == []
    assert partial(suite, "tests/test_a.py") == ["only tests/test_a.py was to run"]


def test_without_testpaths_nobody_knows_what_lies_beside_a_directory(suite: pytest.Pytester) -> None:
    suite.makeini("[pytest]\n")
    assert partial(suite) == []
    assert partial(suite, "tests") == ["only tests was to run"]


def test_a_start_from_a_directory_below_is_partial(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(suite.path / "tests" / "sub")
    suite.runpytest("--enforce=strict", f"--enforce-report=json:{suite.path / 'r.json'}")
    assert "only . was to run" in json.loads((suite.path / "r.json").read_text())["partial"]


@pytest.mark.parametrize("spread", [(), ("-n2",)])
def test_a_failed_test_may_not_have_come_to_its_builds(suite: pytest.Pytester, spread: tuple[str, ...]) -> None:
    if spread:
        pytest.importorskip("xdist")
        pytest.importorskip("buildstream")
    (suite.path / "tests" / "test_c.py").write_text("def test_it(): assert False")
    assert partial(suite, *spread) == ["1 test failed"]


@pytest.mark.parametrize("spread", [(), ("-n1",)])
def test_a_run_that_stopped_early_is_partial(suite: pytest.Pytester, spread: tuple[str, ...]) -> None:
    if spread:
        pytest.importorskip("xdist")
        pytest.importorskip("buildstream")
    tests = TESTS["tests/test_a.py"] + "def test_bad(): assert False\n"
    tests += "".join(f"def test_{number}(): pass\n" for number in range(50))
    (suite.path / "tests" / "test_a.py").write_text(tests)
    reasons = partial(suite, "-x", *spread)
    assert "1 test failed" in reasons
    assert any(reason.endswith("of 54 tests did not run to their end") for reason in reasons)


def test_an_interrupted_run_is_partial(suite: pytest.Pytester) -> None:
    (suite.path / "tests" / "test_c.py").write_text(
        "import pytest\ndef test_it(): pytest.exit('enough', returncode=0)\ndef test_other(): pass\n"
    )
    # pytest 7 does not tear down the test that ended the run.
    assert partial(suite) in (["2 of 5 tests did not run to their end"], ["3 of 5 tests did not run to their end"])


def test_a_plugin_that_keeps_a_shard_of_the_tests_is_noticed(suite: pytest.Pytester) -> None:
    """As pytest-shard does, without a word to anybody."""
    conftest = suite.path / "conftest.py"
    conftest.write_text(
        conftest.read_text() + "\ndef pytest_collection_modifyitems(items):\n    items[:] = items[:2]\n"
    )
    assert partial(suite) == ["1 test was deselected"]


def test_the_workers_of_xdist_tell_what_they_deselect(suite: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytest.importorskip("buildstream")
    assert partial(suite, "-n2") == []
    assert partial(suite, "-n2", "-k", "one or two") == ["1 test was deselected (-k 'one or two')"]


def test_what_the_builds_were_not_checked_for_is_said_beside(suite: pytest.Pytester) -> None:
    assert partial(suite, "-k", "two") == ["2 tests were deselected (-k 'two')", "no job was checked"]


@pytest.mark.parametrize("words", ["-k one", "tests/sub", ""])
def test_prune_refuses_the_report_of_a_partial_run(suite: pytest.Pytester, words: str) -> None:
    (suite.path / "known.txt").write_text("module-write gone module X\n")
    suite.runpytest("--enforce=strict", "--enforce-baseline=known.txt", "--enforce-report=json:r.json", *words.split())
    from enforcer.cli import main

    assert main(["baseline", "prune", "--baseline", "known.txt", "--from", "r.json"]) == (3 if words else 0)
    assert (suite.path / "known.txt").read_text() == ("module-write gone module X\n" if words else "")


ALLOWING = """
import pytest
@pytest.mark.enforce(allow=["foreign-write base.bst %s"], reason="why")
def test_it(build): build(path="opt")
@pytest.mark.enforce(allow=["foreign-write base.bst skipped"], reason="why")
def test_skipped(): pytest.skip()
"""


def test_a_marker_s_allow_entry_that_matched_nothing_is_reported_after_a_full_run(suite: pytest.Pytester) -> None:
    tests = suite.path / "tests" / "test_c.py"
    tests.write_text(ALLOWING % "opt")
    assert partial(suite) == []
    assert json.loads((suite.path / "r.json").read_text())["unused_allow"] == []

    tests.write_text((ALLOWING % "op*").replace('path="opt"', "violates=False"))
    assert partial(suite) == []
    assert json.loads((suite.path / "r.json").read_text())["unused_allow"] == ["foreign-write base.bst op*"]
    assert partial(suite, "-k", "not two") != []
    assert json.loads((suite.path / "r.json").read_text())["unused_allow"] == []
