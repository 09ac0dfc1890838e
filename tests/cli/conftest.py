"""A `bst` for the commands that run one, without BuildStream."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

import enforcer.cli.run  # noqa: F401
from enforcer.results.record import Record
from enforcer.session import Session
from enforcer.settings.settings import Settings

run = sys.modules["enforcer.cli.run"]


class FakeBst:
    """Stands in for BuildStream and for what watches it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.status = 0
        self.record = Record(jobs=2, checked=2, elements={"app.bst"}, exercised={"app.bst"})
        self.settings: Settings | None = None

    def activate(self, session: Session) -> FakeBst:
        self.events.append("on")
        self.settings = session.settings
        with session.recording() as recorded:
            recorded.merge(self.record)
        return self

    def close(self) -> None:
        self.events.append("off")

    def run(self, args: tuple[str, ...]) -> int:
        self.events.append(" ".join(args))
        return self.status


@pytest.fixture
def bst(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeBst:
    fake = FakeBst()
    monkeypatch.setattr(run, "activate", fake.activate)
    monkeypatch.setattr(run, "_run_bst", fake.run)
    monkeypatch.setattr(run, "_live_count", contextlib.nullcontext)
    monkeypatch.chdir(tmp_path)
    return fake
