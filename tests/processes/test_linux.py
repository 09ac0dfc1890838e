"""What is known of a process, and of the time that passes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from enforcer.processes import linux
from tests.processes.trivial import pool, wait_until


def test_what_a_process_computes_is_known_and_what_its_children_compute_is_not(tmp_path: Path) -> None:
    with pool(limit=1) as client:
        job = client.start("wait_for_file", str(tmp_path / "go"))
        pid = job.told()
        before = linux.cpu_seconds(pid)
        wait_until(lambda: linux.cpu_seconds(pid) > before > 0)
        (tmp_path / "go").touch()
        job.result()
        assert linux.cpu_seconds(os.getpid()) == pytest.approx(time.process_time(), abs=1)
    assert linux.cpu_seconds(pid) == 0


def test_a_clock_stands_still_while_it_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([100.0, 110.0, 150.0, 151.0])
    monkeypatch.setattr(linux.time, "monotonic", lambda: next(seconds))
    clock = linux.Clock()
    assert clock.now() == 100
    clock.pause()
    assert clock.now() == 110
    clock.resume()
    assert clock.now() == 111
