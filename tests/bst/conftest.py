"""Real projects and real builds for the tests of `enforcer.bst`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("buildstream")

from tests.bst.builds import Build
from tests.bst.loaded import Loaded


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """A project of which a test says what its elements do, with its own cache."""
    build = Build(tmp_path)
    yield build
    build.end_leftovers()


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[str]:
    """The address of a cache server of this test's own, for artifacts and sources."""
    from sample_projects import harness

    with harness.start_remote(tmp_path) as address:
        yield address


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loaded]:
    """A loaded project."""
    for kind in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    started = Loaded(tmp_path)
    yield started
    started.end()
