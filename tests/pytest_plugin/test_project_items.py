"""A `project.conf` named on the command line is collected: one item a target, one build for all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pytest_plugin import real


@pytest.fixture
def project(inner: pytest.Pytester) -> Path:
    return real.write(
        inner.path / "project",
        broken="kind: import\nsources:\n- kind: local\n  path: files\nconfig:\n  source: /no/such\n",
        junction="kind: junction\nsources:\n- kind: local\n  path: files\n",
    )


def names(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


def test_names_only_are_read_at_collection(inner: pytest.Pytester, project: Path) -> None:
    (project / "elements" / "app.bst").write_text("{ this is no element")
    result = inner.runpytest("--enforce=strict", "--collect-only", "-q", "project/project.conf")
    elements = ["app", "base", "broken", "clean", "top"]
    assert names(result) == [f"project/project.conf::{element}.bst" for element in elements]


def test_the_project_s_default_targets_are_collected(inner: pytest.Pytester, project: Path) -> None:
    with open(project / "project.conf", "a") as conf:
        conf.write("defaults:\n  targets:\n  - top.bst\n  - clean.bst\n")
    result = inner.runpytest("--enforce=strict", "--collect-only", "-q", "project/project.conf")
    assert names(result) == ["project/project.conf::top.bst", "project/project.conf::clean.bst"]


def test_a_named_target_is_collected_alone(inner: pytest.Pytester, project: Path) -> None:
    result = inner.runpytest("--enforce=strict", "--collect-only", "-q", "project/project.conf::clean.bst")
    assert names(result) == ["project/project.conf::clean.bst"]


def test_an_unknown_target_is_not_found(inner: pytest.Pytester, project: Path) -> None:
    result = inner.runpytest("--enforce=strict", "project/project.conf::cleen.bst")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *not found: *project.conf::cleen.bst*"])


def test_a_project_that_is_not_named_is_not_collected(inner: pytest.Pytester, project: Path) -> None:
    result = inner.runpytest("--enforce=strict", "--collect-only", "project")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_what_is_no_project_is_a_collection_error(inner: pytest.Pytester, project: Path) -> None:
    (project / "project.conf").write_text("name: [")
    result = inner.runpytest("--enforce=strict", "project/project.conf")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["cannot read *project.conf: *"])


def test_one_build_serves_all_targets(inner: pytest.Pytester, project: Path, temporary: Path) -> None:
    args = ["--enforce=strict", "project/project.conf", "--enforce-report=json:r.json"]
    result = inner.runpytest(*args, "-rA")
    # app.bst breaks the rule and top.bst needs it; broken.bst fails by itself.
    result.assert_outcomes(failed=3, passed=2)
    result.stdout.fnmatch_lines(
        [
            "*project: app.bst*",
            "foreign-write  app.bst (hazard) changed base.bst in its Build job",
            "*project: broken.bst*",
            "bst exited with status * and broken.bst is not built",
            "*project: top.bst*",
            "foreign-write  app.bst (hazard) changed base.bst in its Build job",
            "PASSED project/project.conf::base.bst",
            "PASSED project/project.conf::clean.bst",
        ]
    )
    assert not list(temporary.iterdir())
    alone = json.loads((inner.path / "r.json").read_text())
    assert alone["summary"]["violations"] == 1
    assert [violation["nodeid"] for violation in alone["violations"]] == ["project/project.conf::app.bst"]

    # Whoever comes first builds for both workers.
    for dist in ("load", "loadgroup"):
        inner.runpytest(*args, "-n2", f"--dist={dist}").assert_outcomes(failed=3, passed=2)
        spread = json.loads((inner.path / "r.json").read_text())
        del spread["command"]
        assert not list(temporary.iterdir())
        assert spread == {key: value for key, value in alone.items() if key != "command"}


def test_builds_share_no_cache_with_the_user(
    inner: pytest.Pytester, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(inner.path / "cache"))
    for _ in range(2):
        inner.runpytest("--enforce=strict", "project/project.conf::base.bst").assert_outcomes(passed=1)
    assert not (inner.path / "cache" / "buildstream").exists()


def test_a_target_that_was_cached_is_skipped(inner: pytest.Pytester, project: Path) -> None:
    inner.makefile(".conf", buildstream=f"cachedir: {inner.path / 'shared'}\n")
    inner.makeini("[pytest]\nenforce_bst_config = buildstream.conf\n")
    args = ["--enforce=strict", "project/project.conf::base.bst", "-rs"]
    inner.runpytest(*args).assert_outcomes(passed=1)
    result = inner.runpytest(*args)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["NOTHING WAS CHECKED*", "SKIPPED *project.conf:1: base.bst was cached: nothing was checked"]
    )


def test_a_missing_user_configuration_is_a_usage_error(inner: pytest.Pytester, project: Path) -> None:
    result = inner.runpytest("--enforce=strict", "project/project.conf", "-o", "enforce_bst_config=no.conf")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: enforce_bst_config is 'no.conf', but there is no file *"])


def test_softer_modes_warn_and_build(inner: pytest.Pytester, project: Path) -> None:
    result = inner.runpytest("--enforce=soft", "project/project.conf::top.bst")
    result.assert_outcomes(passed=1, warnings=1)
