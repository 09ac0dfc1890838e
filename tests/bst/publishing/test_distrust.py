"""What was made under a violation that failed no job is not taken for a clean job's by a run that fails them."""

from __future__ import annotations

import json
import shutil

import pytest

from enforcer.bst.publishing.tainted_refs import TAINTED_FOLDER
from tests.bst.builds import Build

# The same element has the same cache key before and after its plugin was mended.
VIOLATE = 'dep.get_environment().update(FOO="X") if "VIOLATE" in os.environ else None'
BOTH = pytest.mark.parametrize("backend", ["threads", "pool"])
SOFTER = pytest.mark.parametrize("mode", ["soft", "discard"])


@pytest.fixture
def chain(build: Build) -> Build:
    """`base` <- `bad`, which violates where the environment says so <- `after`."""
    build.element("bad", VIOLATE, "base")
    build.element("after", "pass", "bad")
    return build


def marks(build: Build) -> list[str]:
    """The marked refs."""
    folder = build.cache / TAINTED_FOLDER
    return sorted(json.loads(path.read_text(encoding="utf-8"))["ref"] for path in folder.glob("*/*"))


def make_others(build: Build) -> None:
    """Have artifacts with the keys of before, but other logs: those of two builds in one second can be equal."""
    plugin = build.project / "plugins" / "acts.py"
    text = plugin.read_text(encoding="utf-8")
    plugin.write_text(
        text.replace("        deps =", '        self.info("made otherwise")\n        deps ='), encoding="utf-8"
    )


@BOTH
@SOFTER
def test_the_next_strict_run_says_so_and_finds_it_again(chain: Build, mode: str, backend: str) -> None:
    soft = chain.enforced("build", "bad.bst", mode=mode, backend=backend, VIOLATE="1")
    assert (soft.status, soft.rules) == (0, ["foreign-write"])
    assert chain.artifacts_of("bad") != []
    strict = chain.enforced("build", "bad.bst", backend=backend, VIOLATE="1")
    assert (strict.status, strict.rules) == (1, ["foreign-write"])
    assert strict.report["distrusted"] == ["bad.bst"]
    assert "not taken from the cache, but built anew" in strict.output
    assert f"the Build job of bad.bst broke foreign-write under enforcement {mode}" in strict.output
    assert "not taken from the cache, as made under a violation: bad.bst" in strict.output


@BOTH
@SOFTER
def test_once_it_is_mended_it_is_built_anew_and_trusted_from_then_on(chain: Build, mode: str, backend: str) -> None:
    chain.enforced("build", "bad.bst", mode=mode, backend=backend, VIOLATE="1")
    before = {ref: chain.refs()[ref] for ref in chain.artifacts_of("bad")}
    clean = chain.enforced("build", "bad.bst", backend=backend)
    assert (clean.status, clean.report["verdict"], clean.report["distrusted"]) == (0, "clean", ["bad.bst"])
    assert {ref: chain.refs()[ref] for ref in chain.artifacts_of("bad")} != before
    assert not (chain.cache / TAINTED_FOLDER).exists()
    again = chain.enforced("build", "bad.bst", backend=backend)
    assert (again.report["verdict"], again.report["distrusted"]) == ("nothing-checked", [])


@BOTH
def test_what_was_built_on_it_is_built_anew_too(chain: Build, backend: str) -> None:
    assert chain.enforced("build", "after.bst", mode="discard", backend=backend, VIOLATE="1").status == 0
    strict = chain.enforced("build", "after.bst", backend=backend)
    assert (strict.status, strict.report["distrusted"]) == (0, ["after.bst", "bad.bst"])
    built = [each["jobs"] for each in strict.report["actions"] if each["action"] == "Build"]
    assert built == [2]
    assert not (chain.cache / TAINTED_FOLDER).exists()


def test_what_a_bst_without_enforcement_built_on_it_is_built_anew_too(chain: Build) -> None:
    chain.enforced("build", "bad.bst", mode="soft", VIOLATE="1")
    assert chain.stock("build", "after.bst").status == 0
    strict = chain.enforced("build", "after.bst", VIOLATE="1")
    assert (strict.status, strict.rules) == (1, ["foreign-write"])
    assert strict.report["distrusted"] == ["after.bst", "bad.bst"]


def test_what_was_built_on_it_is_known_after_it_was_mended_alone(chain: Build) -> None:
    chain.enforced("build", "after.bst", mode="soft", VIOLATE="1")
    assert chain.enforced("build", "bad.bst").report["verdict"] == "clean"
    assert chain.enforced("build", "after.bst").report["distrusted"] == ["after.bst"]


@BOTH
def test_what_a_worker_built_that_kept_a_change_is_built_anew(chain: Build, backend: str) -> None:
    chain.element("next", "pass", "bad")
    chain.element("late", "pass", "base", "next")
    chain.element("apart", "pass", "late")
    ran = chain.enforced("build", "apart.bst", mode="soft", backend=backend, VIOLATE="1")
    assert ran.rules == ["foreign-write"]
    kept = [violation["undone"] for violation in ran.report["violations"]]
    assert kept == [None if backend == "pool" else True]
    strict = chain.enforced("build", "apart.bst", backend=backend)
    assert strict.report["distrusted"] == ["apart.bst", "bad.bst", "late.bst", "next.bst"]


def test_a_run_that_collects_leaves_marks_and_heeds_them(chain: Build) -> None:
    for _ in range(2):
        collecting = chain.enforced("build", "bad.bst", collect=True, VIOLATE="1")
        assert (collecting.status, collecting.rules) == (1, ["foreign-write"])
    assert chain.enforced("build", "bad.bst", VIOLATE="1").status == 1


@BOTH
def test_a_run_that_collects_goes_on_with_what_it_made_itself(build: Build, backend: str) -> None:
    """BuildStream looks for the sources that a job has fetched when the job is over."""
    build.element("base", "pass")
    build.element("bad", "pass", "base", source="feeds", fetch='type(self).SEEN = "X"')
    build.element("after", "pass", "bad")
    collecting = build.enforced("build", "after.bst", collect=True, backend=backend)
    assert (collecting.status, collecting.rules) == (1, ["class-write"])
    assert "BUG" not in collecting.output
    assert build.artifacts_of("after") != []
    assert build.enforced("build", "after.bst", backend=backend).report["distrusted"] != []


@SOFTER
def test_a_softer_run_takes_it_from_the_cache(chain: Build, mode: str) -> None:
    chain.enforced("build", "bad.bst", mode=mode, VIOLATE="1")
    again = chain.enforced("build", "bad.bst", mode=mode, VIOLATE="1")
    assert (again.report["verdict"], again.report["distrusted"]) == ("nothing-checked", [])
    assert marks(chain) != []


@pytest.mark.parametrize(
    ("line", "rules"), [("pass", []), ('setattr(self, "note", (each for each in ()))', ["unshippable-state"])]
)
def test_a_clean_job_and_one_that_is_only_warned_of_leave_no_mark(build: Build, line: str, rules: list[str]) -> None:
    build.element("good", line, "base")
    assert build.enforced("build", "good.bst", mode="soft").rules == rules
    assert marks(build) == []


def test_what_is_allowed_is_no_reason(chain: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = '{ entry = "foreign-write base.bst environment[*]", reason = "why" }'
    (chain.directory / "pyproject.toml").write_text(f"[tool.enforcer]\nallow = [{entry}]\n", encoding="utf-8")
    monkeypatch.chdir(chain.directory)
    allowed = chain.enforced("build", "bad.bst", mode="soft", VIOLATE="1")
    assert (allowed.report["summary"]["allowed"], marks(chain)) == (1, [])


def test_what_is_allowed_by_now_is_no_reason_any_more(chain: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.enforced("build", "bad.bst", mode="soft", VIOLATE="1")
    entry = '{ entry = "foreign-write base.bst environment[*]", reason = "why" }'
    (chain.directory / "pyproject.toml").write_text(f"[tool.enforcer]\nallow = [{entry}]\n", encoding="utf-8")
    monkeypatch.chdir(chain.directory)
    strict = chain.enforced("build", "bad.bst", VIOLATE="1")
    assert (strict.report["verdict"], strict.report["distrusted"]) == ("nothing-checked", [])


def test_a_mark_does_not_outlive_what_it_is_for(chain: Build) -> None:
    chain.enforced("build", "bad.bst", mode="soft", VIOLATE="1")
    assert chain.stock("artifact", "delete", "bad.bst").status == 0
    make_others(chain)
    assert "INFO    made otherwise" in chain.stock("build", "bad.bst").output
    strict = chain.enforced("build", "bad.bst")
    assert (strict.report["verdict"], strict.report["distrusted"]) == ("nothing-checked", [])
    assert marks(chain) == []


@BOTH
def test_it_is_not_pulled_back_from_a_remote_cache(chain: Build, remote: str, backend: str) -> None:
    chain.configure(f"artifacts:\n  servers:\n  - url: {remote}\n    push: True\n")
    assert chain.enforced("build", "bad.bst", mode="soft", backend=backend, VIOLATE="1").status == 0
    assert chain.stock("artifact", "delete", "bad.bst").status == 0
    strict = chain.enforced("build", "bad.bst", backend=backend, VIOLATE="1")
    assert (strict.status, strict.rules, strict.report["distrusted"]) == (1, ["foreign-write"], ["bad.bst"])
    assert chain.artifacts_of("bad") == []


def test_an_artifact_that_somebody_else_pushed_is_pulled(chain: Build, remote: str) -> None:
    chain.enforced("build", "bad.bst", mode="soft", VIOLATE="1")
    chain.configure(f"artifacts:\n  servers:\n  - url: {remote}\n    push: True\n")
    elsewhere = Build(chain.directory / "elsewhere")
    elsewhere.element("bad", VIOLATE, "base")
    elsewhere.configure(f"artifacts:\n  servers:\n  - url: {remote}\n    push: True\n")
    make_others(elsewhere)
    assert "INFO    made otherwise" in elsewhere.stock("build", "bad.bst").output
    elsewhere.end_leftovers()
    strict = chain.enforced("build", "bad.bst", VIOLATE="1")
    assert (strict.status, strict.report["verdict"]) == (0, "nothing-checked"), strict.output
    assert marks(chain) == []


def test_enforcement_strict_does_not_push_it(chain: Build, remote: str) -> None:
    chain.enforced("build", "bad.bst", mode="soft", VIOLATE="1")
    chain.configure(f"artifacts:\n  servers:\n  - url: {remote}\n    push: True\n")
    refused = chain.enforced("artifact", "push", "bad.bst")
    assert refused.status != 0
    assert "FAILURE enforcement strict: not pushed, as it was made by or with the work of a job that broke a rule" in (
        refused.output
    )
    assert chain.stock("artifact", "delete", "bad.bst").status == 0
    assert "does not have artifact" in chain.stock("artifact", "pull", "bad.bst").output


def test_a_checkout_gets_what_is_there(chain: Build) -> None:
    chain.enforced("build", "bad.bst", mode="soft", VIOLATE="1")
    target = chain.directory / "checkout"
    ran = chain.enforced("artifact", "checkout", "--directory", str(target), "bad.bst")
    assert (ran.status, (target / "environment").exists()) == (0, True)


FETCH = 'exec("self._get_project().marker = 1") if "VIOLATE" in os.environ else None'
INTO_MIRROR = f"open(os.path.join(self.get_mirror_directory(), 'fed'), 'w').close(); {FETCH}"


@BOTH
@SOFTER
@pytest.mark.parametrize("mirrored", [{}, {"MIRRORED": "1"}], ids=["", "mirrored"])
def test_sources_that_were_fetched_under_a_violation_are_fetched_anew(
    build: Build, mode: str, backend: str, mirrored: dict[str, str]
) -> None:
    build.element("fed", "import", source="feeds", fetch=INTO_MIRROR)
    build.element("after", "pass", "fed")
    soft = build.enforced("build", "after.bst", mode=mode, backend=backend, VIOLATE="1", **mirrored)
    assert (soft.status, soft.rules) == (0, ["project-write"])
    strict = build.enforced("build", "after.bst", backend=backend, VIOLATE="1", **mirrored)
    assert (strict.status, strict.rules) == (1, ["project-write"])
    assert strict.report["distrusted"] == ["after.bst", "fed.bst"]
    assert "not taken from the cache, but fetched anew" in strict.output
    clean = build.enforced("build", "after.bst", backend=backend, **mirrored)
    assert (clean.status, clean.report["verdict"]) == (0, "clean")
    assert marks(build) == []
    assert build.enforced("build", "after.bst", backend=backend, **mirrored).report["verdict"] == "nothing-checked"


def test_sources_are_not_pulled_back_from_a_remote_cache(build: Build, remote: str) -> None:
    build.element("fed", "import", source="feeds", fetch=FETCH)
    build.configure(f"source-caches:\n  servers:\n  - url: {remote}\n    push: True\n")
    assert build.enforced("source", "fetch", "fed.bst", mode="soft", VIOLATE="1").rules == ["project-write"]
    assert build.stock("source", "push", "fed.bst").status == 0
    for kind in ("elementsources", "source_protos"):
        shutil.rmtree(build.cache / kind)
    strict = build.enforced("source", "fetch", "fed.bst", VIOLATE="1")
    assert (strict.status, strict.rules) == (1, ["project-write"])


@SOFTER
def test_a_reference_that_was_tracked_under_a_violation_is_tracked_again(build: Build, mode: str) -> None:
    build.element("fed", "import", source="feeds", fetch=FETCH)
    for each, status in ((mode, 0), ("strict", 1)):
        ran = build.enforced("source", "track", "fed.bst", mode=each, VIOLATE="1")
        assert (ran.status, ran.rules) == (status, ["project-write"])


@SOFTER
def test_a_kill_between_the_write_and_the_verdict_leaves_nothing(chain: Build, mode: str) -> None:
    from tests.bst.publishing.test_held_refs import KILL

    assert chain.enforced("build", "bad.bst", mode=mode, before=KILL, VIOLATE="1").status == -9
    assert chain.artifacts_of("bad") == []


def test_without_the_mark_the_next_strict_run_takes_it(chain: Build) -> None:
    off = "import enforcer.bst.publishing.tainted_refs as t; t.TaintedRefs.mark = lambda self, *args: None"
    chain.enforced("build", "bad.bst", mode="soft", before=off, VIOLATE="1")
    assert chain.enforced("build", "bad.bst", VIOLATE="1").status == 0


UNSEEN = (
    "[object.__getattribute__(found, '_Element__environment').update(SEEN='yes')"
    " for found in list(Plugin._Plugin__TABLE.values()) if object.__getattribute__(found, 'name') == 'base.bst']"
    " if 'VIOLATE' in os.environ else None"
)
NEVER_DUE = (
    "import os; os.environ['GRPC_ENABLE_FORK_SUPPORT'] = '1'; import enforcer.bst.judging.comparison as c;"
    " c.SinceFullCompare.due = lambda self: False"
)


@SOFTER
def test_what_only_the_last_compare_of_a_worker_finds_is_marked_when_it_is_in_place_already(
    build: Build, mode: str
) -> None:
    build.element("bad", UNSEEN)
    build.element("all", "stack", "bad", "base", runs=True)
    soft = build.enforced("build", "all.bst", mode=mode, backend="pool", before=NEVER_DUE, VIOLATE="1")
    assert (soft.status, soft.rules) == (0, ["foreign-write"])
    assert "bad.bst" in [job["element"] for violation in soft.report["violations"] for job in violation["candidates"]]
    strict = build.enforced("build", "all.bst", backend="pool", VIOLATE="1")
    assert (strict.status, strict.rules) == (1, ["foreign-write"])
    assert "bad.bst" in strict.report["distrusted"]
