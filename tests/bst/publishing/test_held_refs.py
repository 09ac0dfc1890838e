"""What enforcement strict means for results: nothing that a violating job wrote counts, ever.

Each guarantee has a second test that switches its mechanism off and sees the guarantee broken.
"""

from __future__ import annotations

import pytest

from tests.bst.builds import Build

VIOLATE = 'dep.get_environment()["FOO"] = "X"'

# The mechanisms, switched off one at a time, in the enforced process.
NOTHING_IS_HELD = (
    "import contextlib, enforcer.bst.publishing.held_refs as r; r.HeldResults.to_write = lambda self, path: path"
)
OWN_STATE_IS_KEPT = (
    "import enforcer.bst.judging.verdict as v;"
    " v.Verdict._keep_or_forget_own = lambda self, case: self._comparison.keep(case.own)"
)
KILL = (
    "import os, signal, enforcer.bst.judging.verdict as v;"
    " original = v.Verdict.after_action;"
    " v.Verdict.after_action = lambda self, executor:"
    " os.kill(os.getpid(), signal.SIGKILL)"
    " if (self.attempt.job.element, self.attempt.job.action) == ('bad.bst', 'Build')"
    " else original(self, executor)"
)


@pytest.fixture
def chain(build: Build) -> Build:
    """`base` <- `bad`, which violates <- `after`."""
    build.element("bad", VIOLATE, "base")
    build.element("after", "pass", "bad")
    return build


def test_no_dependent_is_built_on_a_violating_jobs_artifact(chain: Build) -> None:
    ran = chain.enforced("--on-error", "continue", "build", "after.bst")
    assert (ran.status, ran.rules) == (1, ["foreign-write"])
    assert chain.artifacts_of("bad") == []
    assert chain.artifacts_of("after") == []
    assert chain.artifacts_of("base") != []


def test_without_held_refs_and_forgotten_state_a_dependent_is_built(chain: Build) -> None:
    off = f"{NOTHING_IS_HELD}; {OWN_STATE_IS_KEPT}"
    chain.enforced("--on-error", "continue", "build", "after.bst", before=off)
    assert chain.artifacts_of("after") != []


def test_the_same_command_again_finds_the_same_again(chain: Build) -> None:
    first = chain.enforced("build", "after.bst")
    second = chain.enforced("build", "after.bst")
    assert first.report["violations"] == second.report["violations"] != []
    assert second.status == 1


def test_without_held_refs_the_next_run_is_green(chain: Build) -> None:
    assert chain.enforced("build", "after.bst", before=NOTHING_IS_HELD).status == 1
    assert chain.enforced("build", "after.bst").status == 0


def test_nothing_of_a_violating_job_is_pushed(chain: Build, remote: str) -> None:
    chain.configure(f"artifacts:\n  servers:\n  - url: {remote}\n    push: True\n")
    chain.enforced("--on-error", "continue", "build", "after.bst")
    assert "Pushed artifact" in chain.stock("artifact", "push", "base.bst").output + _log_of_pushes(chain)
    pulled = chain.stock("artifact", "pull", "bad.bst")
    assert "does not have artifact" in pulled.output
    assert chain.artifacts_of("bad") == []


def _log_of_pushes(build: Build) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in (build.directory / "logs").rglob("*-push*.log"))


def test_a_kill_between_the_write_and_the_verdict_leaves_nothing_that_counts(chain: Build) -> None:
    killed = chain.enforced("build", "after.bst", before=KILL)
    assert killed.status == -9
    assert chain.artifacts_of("bad") == []
    again = chain.enforced("build", "after.bst")
    assert (again.status, again.rules) == (1, ["foreign-write"])
    assert not (chain.cache / "enforcer-held").exists()


def test_without_held_refs_a_kill_leaves_an_artifact(chain: Build) -> None:
    chain.enforced("build", "after.bst", before=f"{NOTHING_IS_HELD}; {KILL}")
    assert chain.artifacts_of("bad") != []


def test_a_ref_from_before_survives(build: Build) -> None:
    line = 'exec("raise ElementError(\'not now\')") if "FAIL" in os.environ else dep.get_environment().update(FOO="X")'
    build.element("bad", line, "base")
    failed = build.stock("build", "bad.bst", FAIL="1")
    assert failed.status != 0
    before = build.refs()
    ran = build.enforced("build", "--retry-failed", "bad.bst")
    assert (ran.status, ran.rules) == (1, ["foreign-write"])
    assert build.refs() == before
    assert build.artifacts_of("bad") != []


def test_a_failed_builds_artifact_from_before_is_not_taken_for_the_violating_build(build: Build) -> None:
    line = 'exec("raise ElementError(\'not now\')") if "FAIL" in os.environ else dep.get_environment().update(FOO="X")'
    build.element("bad", line, "base")
    build.element("after", "pass", "bad")
    build.stock("build", "bad.bst", FAIL="1")
    build.enforced("--on-error", "continue", "build", "--retry-failed", "after.bst")
    assert build.artifacts_of("after") == []


def test_a_violating_fetch_leaves_no_source_ref_and_nothing_is_built_of_it(build: Build) -> None:
    build.element("bad", "import", source="feeds", fetch="self._get_project().marker = 1")
    ran = build.enforced("--on-error", "continue", "build", "bad.bst")
    assert (ran.status, ran.rules) == (1, ["project-write"])
    assert build.refs("elementsources") == {}
    assert build.refs("source_protos") == {}
    assert build.artifacts_of("bad") == []
    assert ran.report["left_behind"] == ["sources/feeds"]


def test_without_forgetting_own_state_a_violating_fetch_is_built_of(build: Build) -> None:
    build.element("bad", "import", source="feeds", fetch="self._get_project().marker = 1")
    off = f"{NOTHING_IS_HELD}; {OWN_STATE_IS_KEPT}"
    build.enforced("--on-error", "continue", "build", "bad.bst", before=off)
    assert build.artifacts_of("bad") != []


def test_a_clean_jobs_refs_are_those_of_stock(build: Build) -> None:
    build.element("after", "pass", "base")
    assert build.enforced("build", "after.bst").status == 0
    names = {kind: set(build.refs(kind)) for kind in ("artifacts/refs", "elementsources", "source_protos")}
    stock = Build(build.directory / "stock")
    stock.element("after", "pass", "base")
    assert stock.stock("build", "after.bst").status == 0
    assert names == {kind: set(stock.refs(kind)) for kind in names}


def test_a_violating_pull_does_not_count_as_cached(chain: Build, remote: str) -> None:
    """No plugin code runs in a Pull job, so the write is seeded from outside."""
    chain.element("bad", "pass", "base")
    chain.configure(f"artifacts:\n  servers:\n  - url: {remote}\n    push: True\n")
    assert chain.stock("build", "after.bst").status == 0
    for ref in (chain.cache / "artifacts/refs/tiny/bad").iterdir():
        ref.unlink()
    seed = (
        "import buildstream._artifactcache as a; original = a.ArtifactCache.pull;"
        " a.ArtifactCache.pull = lambda self, element, *args, **kw:"
        " (setattr(element._get_project(), 'marker', 1), original(self, element, *args, **kw))[1]"
    )
    ran = chain.enforced("artifact", "pull", "bad.bst", before=seed)
    assert (ran.status, ran.rules) == (1, ["project-write"])
    assert chain.artifacts_of("bad") == []
    assert chain.enforced("artifact", "pull", "bad.bst").status == 0
    assert chain.artifacts_of("bad") != []


MIRRORED = "os.path.join(self.get_mirror_directory(), 'fed')"
FETCH_INTO_MIRROR = f"open({MIRRORED}, 'w').close(); self._get_project().marker = 1"


def test_a_violation_in_fetch_is_found_again_although_the_download_stays(build: Build) -> None:
    build.element("bad", "import", source="feeds", fetch=FETCH_INTO_MIRROR)
    env = {"MIRRORED": "1"}
    first = build.enforced("build", "bad.bst", **env)
    assert list((build.directory / "sources/feeds").iterdir()) != []
    second = build.enforced("build", "bad.bst", **env)
    assert first.rules == second.rules == ["project-write"]


def test_a_killed_fetch_is_judged_by_the_next_run(build: Build) -> None:
    build.element("bad", "import", source="feeds", fetch=FETCH_INTO_MIRROR)
    env = {"MIRRORED": "1"}
    assert build.enforced("build", "bad.bst", before=KILL.replace("'Build'", "'Fetch'"), **env).status == -9
    assert build.enforced("build", "bad.bst", **env).rules == ["project-write"]


def test_without_the_mark_a_download_that_stays_hides_the_violation(build: Build) -> None:
    build.element("bad", "import", source="feeds", fetch=FETCH_INTO_MIRROR)
    env = {"MIRRORED": "1"}
    off = "import enforcer.bst.publishing.unjudged_fetches as u; u.UnjudgedFetches.begin = lambda *args, **kwargs: None"
    assert build.enforced("build", "bad.bst", before=off, **env).rules == ["project-write"]
    assert build.enforced("build", "bad.bst", before=off, **env).rules == []


def test_a_file_beside_the_refs_is_written_where_it_belongs(build: Build) -> None:
    written = 'os.path.join(self._get_context().cachedir, "source_protos_of_mine")'
    line = f"from buildstream import utils\nwith utils.save_file_atomic({written}, 'w') as file: file.write('mine')\n"
    build.element("app", f"{line}assert os.path.exists({written})")
    ran = build.enforced("build", "app.bst")
    assert ran.status == 0, ran.output
