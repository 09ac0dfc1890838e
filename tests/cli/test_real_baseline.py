"""A baseline on real builds: what it lists lets the build go on, what is new fails its job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_real_builds import ADD_FOO, PLUGIN, REPORTED, Project

pytest.importorskip("buildstream")

BASELINE = ("--baseline", "known.txt")
KNOWN = "foreign-write my_kind element environment[*]\n"
# The same write some lines further down, by another element, under another key, with another value.
ADD_BAR_ELSEWHERE = "# moved\n" * 5 + '        dep.get_environment()["BAR"] = "Y"'
NEW = "dep._plugin.extra = 1"
ADD_BOTH = f"{ADD_FOO}\n        {NEW}"


def change(project: Project, line: str) -> None:
    """Another line of the plugin, and nothing cached."""
    (project.directory / "plugins" / "my_kind.py").write_text(PLUGIN % line)
    project.empty_cache()


@pytest.mark.parametrize("backend", ["threads", "fork", "pool"])
def test_known_findings_fail_nothing_and_new_ones_do(tmp_path: Path, backend: str) -> None:
    project = Project(tmp_path, ADD_FOO)
    on = ("--backend", backend)
    updated = project.enforcer("baseline", "update", *on, *BASELINE, "build", "app.bst")
    assert updated.returncode == 0, updated.stderr
    assert "FAILURE" not in updated.stderr
    assert updated.stderr.endswith("\nbaseline known.txt: 1 entry added, 1 in all\n")
    assert (tmp_path / "known.txt").read_text() == KNOWN

    (tmp_path / "elements" / "app.bst").rename(tmp_path / "elements" / "other.bst")
    change(project, ADD_BAR_ELSEWHERE)
    known = project.run(*on, *BASELINE, *REPORTED, "build", "other.bst")
    assert known.returncode == 0, known.stderr
    assert "FAILURE" not in known.stderr
    assert "0 new violations, 1 known" in known.stderr
    report = project.report()
    assert (report["verdict"], report["summary"]["known"], report["summary"]["violations"]) == ("clean", 1, 0)
    [violation] = report["violations"]
    assert (violation["known"], violation["undone"], violation["baseline_line"] + "\n") == (True, True, KNOWN)
    assert report["partial"] == []
    assert "known from the baseline" in "".join(log.read_text() for log in tmp_path.rglob("*.log"))

    change(project, ADD_BOTH)
    failed = project.run(*on, *BASELINE, *REPORTED, "build", "other.bst")
    assert failed.returncode == 1, failed.stderr
    assert "Build failure" in failed.stderr or "FAILURE" in failed.stderr
    report = project.report()
    assert [(each["path"], each["known"]) for each in report["violations"]] == [
        ("extra", False),
        ("environment['FOO']", True),
    ]


def test_without_its_baseline_the_same_build_fails(tmp_path: Path) -> None:
    project = Project(tmp_path, ADD_FOO)
    project.enforcer("baseline", "update", *BASELINE, "build", "app.bst")
    project.empty_cache()
    assert project.run("build", "app.bst").returncode == 1


def test_an_update_leaves_out_what_is_allowed_and_prune_removes_what_was_mended(tmp_path: Path) -> None:
    project = Project(tmp_path, ADD_BOTH)
    entry = '{ entry = "foreign-write base.bst extra", reason = "read by nobody" }'
    (tmp_path / "pyproject.toml").write_text(f'[tool.enforcer]\nbaseline = "known.txt"\nallow = [{entry}]\n')
    updated = project.enforcer("baseline", "update", "build", "app.bst")
    assert updated.returncode == 0, updated.stderr
    assert "0 new violations, 1 known, 1 allowed" in updated.stderr
    assert (tmp_path / "known.txt").read_text() == KNOWN

    cached = project.enforcer("baseline", "prune", "build", "app.bst")
    assert cached.returncode == 3
    assert "this was not a full run: 2 elements were cached (app.bst); no job was checked" in cached.stderr
    assert (tmp_path / "known.txt").read_text() == KNOWN

    change(project, NEW)
    pruned = project.enforcer("baseline", "prune", "build", "app.bst")
    assert pruned.returncode == 0, pruned.stderr
    assert pruned.stderr.endswith("baseline known.txt: 1 entry removed, 0 left\n")
    assert (tmp_path / "known.txt").read_text() == ""


def test_a_build_that_fails_by_itself_prunes_nothing_and_still_updates(tmp_path: Path) -> None:
    project = Project(tmp_path, f"{ADD_FOO}; raise ValueError('mine')")
    assert project.enforcer("baseline", "update", *BASELINE, "build", "app.bst").returncode == 255
    assert (tmp_path / "known.txt").read_text() == KNOWN
    project.empty_cache()
    done = project.enforcer("baseline", "prune", *BASELINE, "build", "app.bst")
    assert done.returncode == 3
    assert "this was not a full run: bst ended with exit status 255" in done.stderr


def test_warnings_are_known_too(tmp_path: Path) -> None:
    project = Project(tmp_path, "self.lock = __import__('threading').Lock()")
    project.enforcer("baseline", "update", *BASELINE, "build", "app.bst")
    assert (tmp_path / "known.txt").read_text() == "unshippable-state my_kind element lock\n"
    project.empty_cache()
    done = project.run(*BASELINE, *REPORTED, "build", "app.bst")
    assert done.returncode == 0
    assert (project.report()["verdict"], project.report()["summary"]["known"]) == ("clean", 1)


ELEMENTS, WRITES = 10, 30
WRITE_MANY = """for number in range(30):
            dep.get_environment()[f"{self.name}-{number}"] = "X"
        setattr(dep._plugin, f"seen_by_{self.name[1:3]}", True)"""


@pytest.fixture
def large(tmp_path: Path) -> Project:
    """Ten elements, each of which writes thirty environment keys and one attribute of their common dependency."""
    project = Project(tmp_path, WRITE_MANY)
    elements = tmp_path / "elements"
    names = [f"e{number:02}" for number in range(ELEMENTS)]
    for name in names:
        (elements / f"{name}.bst").write_text("kind: my_kind\nbuild-depends: [base.bst]\n")
    (elements / "app.bst").write_text("kind: stack\ndepends:\n" + "".join(f"- {name}.bst\n" for name in names))
    return project


@pytest.mark.parametrize("backend", ["threads", "pool"])
def test_a_project_with_hundreds_of_findings_is_recorded_in_one_run(large: Project, backend: str) -> None:
    on = ("--backend", backend)
    updated = large.enforcer("baseline", "update", *on, *BASELINE, "build", "app.bst")
    assert updated.returncode == 0, updated.stderr
    assert f"0 new violations, {ELEMENTS * (WRITES + 1)} known" in updated.stderr
    assert updated.stderr.endswith("baseline known.txt: 11 entries added, 11 in all\n")
    lines = (large.directory / "known.txt").read_text().splitlines()
    attributes = [f"foreign-write my_kind element seen_by_{number:02}" for number in range(ELEMENTS)]
    assert lines == [KNOWN.strip(), *attributes]

    large.empty_cache()
    strict = large.run(*on, *BASELINE, *REPORTED, "build", "app.bst")
    assert strict.returncode == 0, strict.stderr
    summary = large.report()["summary"]
    assert (summary["violations"], summary["known"]) == (0, ELEMENTS * (WRITES + 1))


def test_what_collect_finds_in_one_run_a_report_carries_into_the_baseline(large: Project) -> None:
    collected = large.run("--collect", *REPORTED, "build", "app.bst")
    assert collected.returncode == 1, collected.stderr
    assert f"{ELEMENTS * (WRITES + 1)} new violations" in collected.stderr
    updated = large.enforcer("baseline", "update", *BASELINE, "--from", "r.json")
    assert (updated.returncode, updated.stdout) == (0, "baseline known.txt: 11 entries added, 11 in all\n")
