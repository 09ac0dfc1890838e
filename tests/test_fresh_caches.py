"""Caches that a run has to itself come and go, and the configuration leads there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from enforcer.fresh_caches import FreshCaches, fresh_caches, write_fresh_config
from enforcer.results.findings import Finding, Job, Owner
from enforcer.session import Session
from enforcer.settings.settings import Settings


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    return directory


def test_the_directory_is_made_when_it_is_asked_for_and_another_one_after_it_was_removed(temporary: Path) -> None:
    caches = FreshCaches()
    assert (caches.exist, caches.uses, os.listdir(temporary)) == (False, 0, [])
    first = caches.directory()
    assert caches.directory() == first
    assert (caches.exist, caches.uses, first.parent) == (True, 2, temporary)
    assert first.stat().st_mode & 0o077 == 0
    caches.remove()
    assert (caches.exist, os.listdir(temporary)) == (False, [])
    assert caches.directory() != first


def test_it_is_gone_however_the_run_ends(temporary: Path) -> None:
    def run() -> None:
        with fresh_caches(True) as caches:
            assert caches is not None
            (caches.directory() / "cas").mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert os.listdir(temporary) == []


def test_where_they_are_not_wanted_there_are_none(temporary: Path) -> None:
    with fresh_caches(False) as caches:
        assert caches is None
    assert os.listdir(temporary) == []


def test_what_another_process_has_made_is_that_one_s_to_remove(tmp_path: Path) -> None:
    caches = FreshCaches(tmp_path)
    assert (caches.exist, caches.directory()) == (True, tmp_path)
    caches.remove()
    assert tmp_path.exists()


def test_directories_that_are_not_writable_go_too_and_links_are_not_followed(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o500)
    caches = FreshCaches()
    inner = caches.directory() / "sources" / "module"
    inner.mkdir(parents=True)
    (inner / "file").touch()
    (inner / "link").symlink_to(elsewhere)
    inner.chmod(0o500)
    rmtree = shutil.rmtree

    def as_no_root(path: Path) -> None:
        if not inner.stat().st_mode & 0o200:
            raise PermissionError(13, "Permission denied")
        rmtree(path)

    monkeypatch.setattr(shutil, "rmtree", as_no_root)
    caches.remove()
    assert os.listdir(temporary) == []
    assert elsewhere.stat().st_mode & 0o777 == 0o500


def test_what_cannot_be_removed_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    caches = FreshCaches()
    directory = caches.directory()

    def fail(path: Path) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(shutil, "rmtree", fail)
    caches.remove()
    told = "[Errno 16] Device or resource busy"
    assert capsys.readouterr().err == (
        f"enforcer: cannot remove the fresh caches: {told}; remove {directory} by hand\n"
    )


def finding(before: str | None, after: str | None) -> Finding:
    owner = Owner("element", "base.bst")
    return Finding("foreign-write", "error", Job("app.bst", "Build"), owner, "path", "set", before, after)


def test_a_finding_does_not_name_a_directory_that_has_another_name_each_time() -> None:
    session = Session(Settings(), FreshCaches())
    unused = finding("None", None)
    session.classify(unused)
    assert (unused.before, unused.after) == ("None", None)

    assert session.caches is not None
    found = finding(None, f"'{session.caches.directory()}/sources/tar'")
    session.classify(found)
    assert (found.before, found.after) == (None, "'<fresh>/sources/tar'")
    session.caches.remove()


BASE = """
cachedir: ${HOME}/cache
logdir: ${HOME}/logs
artifacts:
  servers:
  - url: https://example.com
    push: True
cache: {quota: 10G}
projects:
  tiny:
    strict: False
    options: {version: 1.10, debug: on}
    source-caches: {servers: [{url: "https://example.com"}]}
"""


def test_the_configuration_is_the_user_s_but_for_caches_and_remotes(tmp_path: Path) -> None:
    base = tmp_path / "base.conf"
    base.write_text(BASE)
    config = read(write_fresh_config(tmp_path, base))
    assert config == {
        "cachedir": str(tmp_path / "cache"),
        "sourcedir": str(tmp_path / "sources"),
        "logdir": "${HOME}/logs",
        "artifacts": {"override-project-caches": "True"},
        "source-caches": {"override-project-caches": "True"},
        "cache": {"quota": "10G"},
        "projects": {"tiny": {"strict": "False", "options": {"version": "1.10", "debug": "on"}}},
    }


@pytest.mark.parametrize("text", [None, "", "# nothing\n"])
def test_an_empty_configuration_will_do(tmp_path: Path, text: str | None) -> None:
    base = None if text is None else tmp_path / "base.conf"
    if base is not None and text is not None:
        base.write_text(text)
    assert sorted(read(write_fresh_config(tmp_path, base))) == ["artifacts", "cachedir", "source-caches", "sourcedir"]


def read(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config
