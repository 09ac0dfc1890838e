"""A mark is for one ref with what it holds; it comes and goes with that, and is laid out as the module says."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from enforcer.bst.publishing import tainted_refs
from enforcer.bst.publishing.tainted_refs import TAINTED_FOLDER, TaintedRefs
from tests.reports.records import FINDING, SITE, by


@pytest.fixture
def ref(tmp_path: Path) -> str:
    """A ref in the cache directory `tmp_path`."""
    path = tmp_path / "artifacts/refs/p/app/key"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"one")
    return str(path)


def files(cachedir: Path) -> list[str]:
    folder = cachedir / TAINTED_FOLDER
    return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*"))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def test_it_is_laid_out_as_the_module_says(tmp_path: Path, ref: str) -> None:
    TaintedRefs(str(tmp_path)).mark({ref: ref}, "soft", [replace(FINDING, site=SITE, explanation=["secret"])])
    [name] = files(tmp_path)
    assert name == f"{digest(b'artifacts/refs/p/app/key')}/{digest(b'one')}"
    plain = json.loads((tmp_path / TAINTED_FOLDER / name).read_text(encoding="utf-8"))
    assert (plain["ref"], plain["mode"]) == ("artifacts/refs/p/app/key", "soft")
    bare = replace(FINDING, after=None, obtained=None)
    assert plain["findings"] == [bare.to_plain()]


def test_what_another_version_wrote_is_a_mark_all_the_same(tmp_path: Path, ref: str) -> None:
    marks = TaintedRefs(str(tmp_path))
    marks.mark({ref: ref}, "soft", [FINDING])
    [name] = files(tmp_path)
    for text in ('{"ref": "r", "mode": "soft", "findings": [{"rule": "later"}]}', "{}", ""):
        (tmp_path / TAINTED_FOLDER / name).write_text(text, encoding="utf-8")
        found = marks.find(ref, ref)
        assert found is not None
        assert (found.findings, found.reason) == ((), "a job broke a rule when it was made")


def test_it_says_which_jobs_broke_which_rules(tmp_path: Path, ref: str) -> None:
    marks = TaintedRefs(str(tmp_path))
    marks.mark({ref: ref}, "discard", [FINDING, by("b.bst", rule="module-write"), by("c.bst")])
    found = marks.find(ref, ref)
    assert found is not None
    # What is the same to allow entries and to a baseline is kept once, however many jobs there are.
    assert (
        found.reason
        == "the Build job of app.bst and 1 more broke foreign-write, module-write under enforcement discard"
    )


def test_another_content_has_no_mark_and_the_same_one_has_it_again(tmp_path: Path, ref: str) -> None:
    marks = TaintedRefs(str(tmp_path))
    marks.mark({ref: ref}, "soft", [FINDING])
    Path(ref).write_bytes(b"other")
    assert marks.find(ref, ref) is None
    os.unlink(ref)
    assert marks.find(ref, ref) is None
    marks.tidy()
    Path(ref).write_bytes(b"one")
    assert marks.find(ref, ref) is not None


def test_it_holds_where_the_cache_directory_was_moved_to(tmp_path: Path, ref: str) -> None:
    TaintedRefs(str(tmp_path)).mark({ref: ref}, "soft", [FINDING])
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    ref = str(moved / "artifacts/refs/p/app/key")
    assert TaintedRefs(str(moved)).find(ref, ref) is not None


def test_a_clean_job_clears_the_marks_of_its_refs_only(tmp_path: Path, ref: str) -> None:
    marks, other = TaintedRefs(str(tmp_path)), f"{ref}2"
    Path(other).write_bytes(b"one")
    marks.mark({ref: ref, other: other}, "soft", [FINDING])
    marks.clear([ref])
    assert (marks.find(ref, ref) is None, marks.find(other, other) is None) == (True, False)
    marks.clear([other])
    marks.tidy()
    assert not (tmp_path / TAINTED_FOLDER).exists()


def test_marks_of_refs_that_hold_something_else_are_removed(tmp_path: Path, ref: str) -> None:
    marks = TaintedRefs(str(tmp_path))
    marks.mark({ref: ref}, "soft", [FINDING])
    marks.tidy()
    assert len(files(tmp_path)) == 1
    Path(ref).write_bytes(b"other")
    marks.tidy()
    assert not (tmp_path / TAINTED_FOLDER).exists()


def test_of_marks_whose_refs_are_gone_the_newest_stay(
    tmp_path: Path, ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tainted_refs, "KEPT_WITHOUT_REF", 2)
    marks = TaintedRefs(str(tmp_path))
    for content in range(4):
        Path(ref).write_text(str(content), encoding="utf-8")
        marks.mark({ref: ref}, "soft", [FINDING])
        [path] = (tmp_path / TAINTED_FOLDER).glob(f"*/{digest(str(content).encode())}")
        os.utime(path, (content, content))
    os.unlink(ref)
    marks.tidy()
    assert [name.rpartition("/")[2] for name in files(tmp_path)] == sorted(map(digest, (b"2", b"3")))


def test_where_there_is_none_nothing_is_made(tmp_path: Path, ref: str) -> None:
    marks = TaintedRefs(str(tmp_path))
    assert (marks.exist, marks.find(ref, ref)) == (False, None)
    marks.clear([ref])
    marks.tidy()
    assert not (tmp_path / TAINTED_FOLDER).exists()
