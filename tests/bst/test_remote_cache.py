"""What was pulled from a remote cache was not built here, and so not checked."""

from __future__ import annotations

import shutil

import pytest

from tests.bst.builds import Build

VIOLATE = 'dep.get_environment()["FOO"] = "X"'


@pytest.fixture
def pulled(build: Build, remote: str) -> Build:
    """A project with two violations, all of it in a remote cache and nothing here."""
    build.element("bad", VIOLATE, "base")
    build.element("worse", VIOLATE, "bad")
    build.configure(f"artifacts:\n  servers:\n  - url: {remote}\n    push: True\n")
    assert build.stock("build", "worse.bst").status == 0
    shutil.rmtree(build.cache)
    return build


@pytest.mark.parametrize("backend", ["threads", "pool"])
def test_where_all_was_pulled_nothing_was_checked(pulled: Build, backend: str) -> None:
    ran = pulled.enforced("build", "--deps", "all", "worse.bst", backend=backend)
    assert (ran.status, ran.report["verdict"]) == (0, "nothing-checked")
    assert ran.report["actions"] == [
        {"action": "Pull", "jobs": 3, "checked": 3, "skipped": 0, "plugin_code": 0},
        {"action": "Push", "jobs": 3, "checked": 3, "skipped": 3, "plugin_code": 0},
    ]
    assert (ran.report["summary"]["exercised"], ran.report["without_turn"]) == ([], ["acts (element)"])
    assert (
        "NOTHING WAS CHECKED: no Build job ran: 3 elements were pulled or cached; assemble() of their plugins was not "
        "checked" in ran.output
    )
    assert "checked 6 of 6 jobs (3 Pull, 3 Push, 3 skipped); 3 elements were cached" in ran.output


def test_a_plugin_without_a_turn_is_named_where_others_had_one(build: Build) -> None:
    build.element("fetched", "import", source="feeds")
    build.element("built", "pass", "fetched")
    assert build.stock("build", "fetched.bst").status == 0
    ran = build.enforced("build", "built.bst")
    assert (ran.report["verdict"], ran.report["without_turn"]) == ("clean", ["feeds (source)"])
    assert "no checked job ran code of feeds (source)" in ran.output


def test_a_run_that_only_fetched_says_that_no_build_job_ran(build: Build) -> None:
    build.element("fetched", "import", source="feeds")
    ran = build.enforced("source", "fetch", "fetched.bst")
    assert (ran.report["verdict"], ran.report["without_turn"]) == ("clean", [])
    assert ran.report["actions"] == [{"action": "Fetch", "jobs": 1, "checked": 1, "skipped": 0, "plugin_code": 1}]


def test_an_element_without_sources_runs_no_plugin_code_in_its_fetch_job(build: Build) -> None:
    build.element("sourceless", "pass", "base")
    ran = build.enforced("build", "sourceless.bst")
    assert ran.report["actions"] == [
        {"action": "Build", "jobs": 2, "checked": 2, "skipped": 0, "plugin_code": 2},
        {"action": "Fetch", "jobs": 2, "checked": 2, "skipped": 0, "plugin_code": 1},
    ]


def test_sources_that_were_pulled_were_fetched_by_no_plugin(build: Build, remote: str) -> None:
    build.element("fetched", "import", source="feeds")
    build.configure(f"source-caches:\n  servers:\n  - url: {remote}\n    push: True\n")
    assert build.stock("source", "fetch", "fetched.bst").status == 0
    assert build.stock("source", "push", "fetched.bst").status == 0
    shutil.rmtree(build.cache)
    ran = build.enforced("source", "fetch", "fetched.bst")
    assert (ran.status, ran.report["verdict"]) == (0, "nothing-checked")
    assert ran.report["actions"] == [{"action": "Fetch", "jobs": 1, "checked": 1, "skipped": 0, "plugin_code": 0}]
    assert "NOTHING WAS CHECKED: only Fetch jobs ran, and none ran plugin code" in ran.output
