"""What the tests of processes share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.trivial import descriptors


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No descriptor is open that was not before."""
    before = descriptors()
    yield
    assert descriptors() == before
