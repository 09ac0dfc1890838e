"""Another worker is forked when it is worth its cost."""

from __future__ import annotations

import pytest

from enforcer.processes import patience
from enforcer.processes.patience import Patience


@pytest.mark.parametrize(
    ("shares", "waits"),
    [((), False), ((0.9,), False), ((0.9, 0.0), False), ((0.9, 0.3), True), ((0.0, 0.9, 0.0, 0.9), True)],
    ids=["no worker", "one computes", "one computes, one waits", "both compute", "two of four compute"],
)
@pytest.mark.parametrize("looks", [True, False], ids=["first in line", "behind others until now"])
def test_while_workers_keep_both_processors_busy_a_job_waits_longer_for_one(
    shares: tuple[float, ...], waits: bool, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "processors", lambda: 2)
    clock, workers = Clock(), [Computing(share) for share in shares]
    waiting = Patience(clock, workers)  # type: ignore[arg-type]
    if looks:
        assert waiting.left(workers) == patience._PATIENCE  # type: ignore[arg-type]
    pass_time(clock, workers, patience._PATIENCE)
    longer = patience._BUSY_PATIENCE - patience._PATIENCE
    assert waiting.left(workers) == (longer if waits else 0)  # type: ignore[arg-type]
    pass_time(clock, workers, longer)
    assert waiting.left(workers) <= 0  # type: ignore[arg-type]


def test_a_worker_forked_while_a_job_waits_counts_as_busy_when_it_computes_since_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "processors", lambda: 2)
    clock, workers = Clock(), [Computing(0.9), Computing(0.9)]
    waiting = Patience(clock, workers)  # type: ignore[arg-type]
    pass_time(clock, workers, 0.9 * patience._PATIENCE)
    for share, waits in ((0.9, True), (0.0, False)):
        successor = Computing(share)
        successor.born, successor.computed = clock.now(), 0.0
        now = [workers[0], successor]
        pass_time(clock, now, 0.2 * patience._PATIENCE)
        assert (waiting.left(now) > 0) is waits  # type: ignore[arg-type]


def pass_time(clock: Clock, workers: list[Computing], seconds: float) -> None:
    clock.time += seconds
    for worker in workers:
        worker.computed += worker.share * seconds


class Clock:
    """A clock that is set by hand."""

    time = 0.0

    def now(self) -> float:
        return self.time


class Computing:
    """A worker that computes for this share of its time."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.computed = 100.0
        self.born = 0.0

    def cpu_seconds(self) -> float:
        return self.computed
