"""A suspended run stands still and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes.trivial import pool, state, wait_until


def test_suspended_workers_stand_still_and_go_on(tmp_path: Path) -> None:
    with pool() as client:
        job = client.start("wait_for_file", str(tmp_path / "go"))
        pid = job.told()
        client.pool.suspend()
        wait_until(lambda: state(pid) == "T")
        newcomer = client.start("echo", "forked while suspended")
        (tmp_path / "go").touch()
        wait_until(lambda: client.pool.traffic.forked == 2)
        wait_until(lambda: [state(worker.process.pid) for worker in client.pool._crew.present()] == ["T", "T"])
        client.pool.resume()
        assert job.result() == "seen"
        assert newcomer.result() == "forked while suspended"


def test_a_worker_that_stops_itself_only_after_it_was_told_to_go_on_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("enforcer.processes.signalling._STOPPING", 0.1)
    with pool(limit=1) as client:
        job = client.start("let_no_python_run", str(tmp_path / "go"))
        pid = job.told()
        wait_until((tmp_path / "go-begun").exists)
        client.pool.suspend()
        assert state(pid) != "T"
        client.pool.resume()
        (tmp_path / "go").touch()
        assert job.result() == "seen"
        assert client.run("echo", "next") == "next"
