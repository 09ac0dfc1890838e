"""Real projects and real builds for the tests of `enforcer.bst`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bst.builds import Build

pytest.importorskip("buildstream")


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
