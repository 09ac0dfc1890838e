"""Settings are checked when they are read, and an unknown word is answered with the known ones."""

import os
from pathlib import Path

import pytest

from enforcer.errors import UsageError
from enforcer.settings.settings import AllowEntry, Mode, ReportTarget, Settings, parse_backend, run_backend


@pytest.mark.parametrize("name", ["off", "soft", "discard", "strict"])
def test_every_mode_has_a_name(name: str) -> None:
    assert Mode.parse(name).value == name


def test_an_unknown_mode_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown mode 'Strict': choose one of off, soft, discard, strict"):
        Mode.parse("Strict")


@pytest.mark.parametrize("name", ["threads", "fork", "pool"])
def test_every_backend_has_a_name(name: str) -> None:
    assert parse_backend(name) == name


def test_an_unknown_backend_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown backend 'cloud': this version has threads, fork, pool"):
        parse_backend("cloud")


def test_the_command_prefers_a_backend_only_where_it_can_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_backend() == "pool"
    monkeypatch.delattr(os, "fork")
    assert run_backend() == "threads"


def test_a_report_is_a_format_and_a_path() -> None:
    assert ReportTarget.parse("json:a:b.json") == ReportTarget("json", Path("a:b.json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("xml:r", "unknown report format 'xml'"),
        ("r.json", "unknown report format"),
        ("json", "names no file"),
        ("json:", "no file"),
    ],
)
def test_a_wrong_report_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ReportTarget.parse(text)


@pytest.mark.parametrize(
    ("entry", "matches"),
    [
        ("foreign-write base.bst environment['CC']", True),
        ("foreign-write base.bst environment[*]", True),
        ("foreign-write * *", True),
        ("foreign-write *.bst env*['CC']", True),
        ("project-write base.bst environment[*]", False),
        ("foreign-write base environment[*]", False),
        ("foreign-write base.bst environment[?]", False),
        ("foreign-write base.bst environment['CC'", False),
        ("foreign-write BASE.bst *", False),
    ],
)
def test_only_the_star_is_special_in_an_allow_entry(entry: str, matches: bool) -> None:
    assert AllowEntry.parse(entry, "why").matches("foreign-write", "base.bst", "environment['CC']") is matches


def test_the_path_of_an_allow_entry_may_hold_spaces() -> None:
    entry = AllowEntry.parse("leaked-thread process thread 'my watcher'", "why")
    assert entry.matches("leaked-thread", "process", "thread 'my watcher'")
    assert str(entry) == "leaked-thread process thread 'my watcher'"


def test_the_owner_of_an_allow_entry_may_hold_spaces() -> None:
    entry = AllowEntry.parse("foreign-write my base.bst table[*]", "why")
    assert entry.matches("foreign-write", "my base.bst", "table['a b']")
    assert not entry.matches("foreign-write", "base.bst", "table['a b']")


@pytest.mark.parametrize(
    ("entry", "reason"), [("foreign-write base.bst", "why"), ("", "why"), ("a b c", ""), ("a b c", " ")]
)
def test_an_allow_entry_needs_three_words_and_a_reason(entry: str, reason: str) -> None:
    with pytest.raises(UsageError):
        AllowEntry.parse(entry, reason)


def test_settings_are_strict_on_threads_unless_told_otherwise() -> None:
    assert (Settings().mode, Settings().backend, Settings().collect) == (Mode.STRICT, "threads", False)
    assert Settings().with_(mode=Mode.SOFT).mode is Mode.SOFT


def test_a_new_violation_fails_its_job_under_strict_alone_and_the_run_where_it_is_collected_too() -> None:
    def fails(**changes: object) -> tuple[bool, bool]:
        settings = Settings(**changes)  # type: ignore[arg-type]
        return settings.fails_jobs, settings.fails_run

    assert fails() == (True, True)
    assert fails(collect=True) == (False, True)
    assert fails(mode=Mode.SOFT) == (False, False)
    assert fails(mode=Mode.SOFT, collect=True) == (False, True)
    assert fails(collect=True, update_baseline=True) == (False, False)
