"""The backends, and one stock run of each case for all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("buildstream")

from sample_projects import harness
from tests.contract.lab import Lab
from tests.contract.observed import Observed, observed

BACKENDS = ("threads", "fork", "pool")
PROCESS_BACKENDS = tuple(name for name in BACKENDS if name != "threads")

Case = Callable[[Lab], None]


@pytest.fixture(scope="session", autouse=True)
def _sandbox() -> None:
    missing = harness.missing_needs({"needs": ["sandbox"], "remote": True})
    if missing:
        pytest.skip("; ".join(missing))


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend."""
    return str(request.param)


@pytest.fixture(params=PROCESS_BACKENDS)
def process_backend(request: pytest.FixtureRequest) -> str:
    """Each backend that runs jobs in processes."""
    return str(request.param)


@pytest.fixture
def lab_of(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Make a lab for a backend (None: stock); all are closed in the end."""
    labs: list[Lab] = []

    def make(backend: str | None, *args: str) -> Lab:
        labs.append(Lab(tmp_path / f"{len(labs)}", backend, *args))
        return labs[-1]

    yield make
    for lab in labs:
        lab.close()


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Observed]:
    """What stock does in a case; each case is run once a session."""

    @functools.cache
    def run(case: Case) -> Observed:
        lab = Lab(tmp_path_factory.mktemp("stock"))
        try:
            case(lab)
            return observed(lab)
        finally:
            lab.close()

    return run
