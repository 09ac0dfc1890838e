"""A baseline is a sorted text of fingerprints in words: read strictly, written whole, merged by presence."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enforcer.errors import EnforcerError, UsageError
from enforcer.results.findings import OWNER_KINDS, Maker, Owner
from enforcer.settings.baseline import Baseline, Entry, add, learn, load_baseline, prune
from tests.properties import property_settings
from tests.reports.records import FINDING, SITE, by

ONE = Entry("foreign-write", "one", "element", "environment[*]")
TWO = Entry("class-write", "two", "class", "CACHE")
LINE = "foreign-write my_kind element environment[*]"

# Lone surrogates too: they come from file names that are no text.
TEXT = st.text(st.characters(), max_size=20)


def baseline(directory: Path, *entries: Entry) -> Baseline:
    path = directory / "known.txt"
    path.write_text("".join(f"{entry}\n" for entry in entries))
    return load_baseline(path, directory)


def test_a_line_says_what_is_known() -> None:
    assert str(Entry.of(FINDING)) == LINE


@property_settings("ENFORCER_BASELINE_EXAMPLES", 300)
@given(st.builds(Entry, TEXT, TEXT, st.sampled_from(OWNER_KINDS), TEXT))
@example(Entry("", "-", "element", ""))
@example(Entry("a b", "%20", "element", "  x  y\t "))
@example(Entry("#", "größe", "class", "   "))
@example(Entry("r", "k", "element", "\n\r\x85\u2028\udce9"))
def test_any_name_comes_back_from_its_line(entry: Entry) -> None:
    line = str(entry)
    assert Entry.parse(line) == entry
    assert line.isascii()
    assert line.isprintable()
    assert line == line.strip()


@pytest.mark.parametrize(
    "line",
    [
        "foreign-write my_kind element",
        "foreign-write my_kind elephant environment[*]",
        "foreign-write my_kind  environment[*]",
        " foreign-write my_kind element environment[*]",
        "foreign-write my_kind element environment[*] ",
        "foreign-write my%5Fkind element environment[*]",
        "foreign-write größe element environment[*]",
        "foreign-write %FF element environment[*]",
        "foreign-write my_kind element a%2",
        "<<<<<<< the branch of somebody",
        "=======",
        "# a comment",
        "\x00",
    ],
)
def test_a_broken_line_is_named_with_its_file_and_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "sub" / "known.txt"
    path.parent.mkdir()
    path.write_text(f"{ONE}\n{line}\n")
    with pytest.raises(UsageError) as raised:
        load_baseline(path, tmp_path)
    assert str(raised.value).startswith(f"sub/known.txt:2: {line!r} is no line of a baseline")


def test_bytes_that_are_no_text_are_a_broken_line(tmp_path: Path) -> None:
    (tmp_path / "known.txt").write_bytes(b"\xff\xfe\n")
    with pytest.raises(UsageError, match=r"known.txt:1: .* is no line of a baseline"):
        load_baseline(Path("known.txt"), tmp_path)


def test_a_missing_file_says_how_to_make_one_unless_it_is_about_to_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        load_baseline(Path("known.txt"), tmp_path)
    assert "there is no baseline 'known.txt'" in str(raised.value)
    assert "enforcer baseline update" in str(raised.value)
    assert "--enforce-update-baseline" in str(raised.value)
    assert load_baseline(Path("known.txt"), tmp_path, may_be_missing=True).entries == frozenset()


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the baseline '.': Is a directory"):
        load_baseline(Path("."), tmp_path)


def test_an_unwritable_file_is_told_before_and_after(tmp_path: Path) -> None:
    lost = Baseline(tmp_path / "missing" / "known.txt", "missing/known.txt")
    with pytest.raises(UsageError, match=r"cannot write the baseline 'missing/known.txt': No such file"):
        lost.check_writable()
    with pytest.raises(EnforcerError, match=r"cannot write the baseline 'missing/known.txt': No such file"):
        add(lost, [ONE])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", ""])
def test_neither_order_nor_doubles_nor_ends_of_lines_matter(tmp_path: Path, end: str) -> None:
    path = tmp_path / "known.txt"
    path.write_bytes(end.join([str(ONE), str(TWO), str(ONE), ""]).encode() if end else str(ONE).encode())
    assert load_baseline(path, tmp_path).entries == ({ONE, TWO} if end else {ONE})


@pytest.mark.parametrize(
    "again",
    [
        by("other.bst"),
        replace(FINDING, job=replace(FINDING.job, action="Fetch", try_=2)),
        replace(FINDING, owner=Owner("element", "sub.bst:other.bst")),
        replace(FINDING, path="environment['LD']", after="'ld'"),
        replace(FINDING, path='environment["it\'s"]', before="'x'", change="set"),
        replace(FINDING, site=SITE, obtained=replace(SITE, line=4711, file="plugins/moved.py")),
        replace(FINDING, nodeid="tests/test_it.py::test_it", dependents=1, severity="warning"),
        replace(FINDING, job=replace(FINDING.job, plugin="import"), maker=Maker("app.bst", "my_kind", 1)),
    ],
)
def test_a_finding_is_known_wherever_and_with_whatever_it_comes_again(tmp_path: Path, again: object) -> None:
    assert baseline(tmp_path, Entry.of(FINDING)).knows(again)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        replace(FINDING, rule="project-write"),
        replace(FINDING, job=replace(FINDING.job, plugin="their_kind")),
        replace(FINDING, maker=Maker("app.bst", "feeds", 0)),
        replace(FINDING, owner=Owner("source", "base.bst")),
        replace(FINDING, path="variables['CC']"),
    ],
)
def test_another_fingerprint_is_not_known(tmp_path: Path, other: object) -> None:
    assert not baseline(tmp_path, Entry.of(FINDING)).knows(other)  # type: ignore[arg-type]


def test_a_line_gives_no_secret_away() -> None:
    line = str(Entry.of(replace(FINDING, path="remotes.https://bob:s3cret@host/x")))
    assert "s3cret" not in line
    assert "host" in line


def test_update_only_adds_and_sorts(tmp_path: Path) -> None:
    known = baseline(tmp_path, ONE)
    assert add(known, [TWO, ONE, TWO]) == "baseline known.txt: 1 entry added, 2 in all"
    assert known.path.read_text() == f"{TWO}\n{ONE}\n"
    assert add(known, []) == "baseline known.txt: 0 entries added, 2 in all"
    assert known.path.read_text() == f"{TWO}\n{ONE}\n"


def test_an_update_that_finds_nothing_makes_an_empty_file(tmp_path: Path) -> None:
    known = load_baseline(Path("known.txt"), tmp_path, may_be_missing=True)
    assert add(known, []) == "baseline known.txt: 0 entries added, 0 in all"
    assert load_baseline(Path("known.txt"), tmp_path).entries == frozenset()


def test_what_others_add_meanwhile_stays(tmp_path: Path) -> None:
    known = baseline(tmp_path, ONE)
    later = Entry("module-write", "three", "module", "STATE[*]")
    add(known, [later])
    add(known, [TWO])
    assert prune(known, [TWO]) == "baseline known.txt: 1 entry removed, 2 left"
    assert load_baseline(known.path, tmp_path).entries == {TWO, later}


def test_a_file_that_says_the_same_is_left_alone(tmp_path: Path) -> None:
    known = baseline(tmp_path, ONE)
    before = known.path.stat()
    add(known, [ONE])
    assert (known.path.stat().st_ino, known.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = baseline(tmp_path, ONE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(EnforcerError, match=r"cannot write the baseline 'known\.txt': No space left on device"):
        add(known, [TWO])
    assert known.path.read_text() == f"{ONE}\n"
    assert os.listdir(tmp_path) == ["known.txt"]


def test_what_is_learned_is_known_from_then_on_but_for_what_is_allowed(tmp_path: Path) -> None:
    known = baseline(tmp_path)
    new, allowed = replace(FINDING), replace(FINDING, path="opt", allowed="fine")
    warning = replace(FINDING, rule="unshippable-state", severity="warning")
    assert learn(known, [new, allowed, warning]) == "baseline known.txt: 2 entries added, 2 in all"
    assert (new.known, warning.known, allowed.known) == (True, True, False)
    assert known.path.read_text() == f"{LINE}\nunshippable-state my_kind element environment[*]\n"


@pytest.mark.once
def test_git_merges_what_two_branches_add(tmp_path: Path) -> None:
    """With the one line of .gitattributes that the guide gives; conflicts would need two hands for nothing."""

    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git("init")
    known = baseline(tmp_path, ONE)
    (tmp_path / ".gitattributes").write_text("known.txt merge=union\n")
    git("add", ".")
    git("commit", "-m", "one")
    git("checkout", "-b", "other")
    add(known, [TWO])
    git("commit", "-am", "two")
    git("checkout", "main")
    three = Entry("context-write", "three", "context", "x")
    add(known, [three])
    git("commit", "-am", "three")
    git("merge", "other")
    assert load_baseline(known.path, tmp_path).entries == {ONE, TWO, three}
