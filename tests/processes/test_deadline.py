"""What does not do as it is told in time is ended."""

from __future__ import annotations

import os
import signal

import pytest

from enforcer.processes import deadline
from tests.processes.trivial import Client, failure, goes_on, pool, state, wait_until

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.parametrize(("ignore_sigterm", "signal_name"), [(False, "SIGTERM"), (True, "SIGKILL")])
def test_a_job_that_hangs_is_ended_some_time_after_its_interrupt(
    ignore_sigterm: bool, signal_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ignore_sigterm:
        monkeypatch.setattr(deadline, "_LAST_CHANCE", 0.3)
    with pool(limit=1, grace=0.2) as client:
        job = client.start("hang", ignore_sigterm)
        pid = job.told() if not ignore_sigterm else stopped(client)
        job.interrupt()
        text = failure(job)
        assert f"Worker process {pid} was ended with {signal_name} during a job" in text
        assert "did not end within 0.2 seconds of being asked to" in text
        goes_on(client)


def stopped(client: Client) -> int:
    """The worker that has stopped itself."""
    wait_until(lambda: any(state(worker.process.pid) == "T" for worker in client.pool._crew.present()))
    return client.pool._crew.present()[0].process.pid


def test_a_worker_that_hangs_when_it_retires_is_killed_and_its_loss_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "_LAST_CHANCE", 0.3)
    with pool(limit=1, grace=0.2) as client:
        pid = client.run("whoami")["pid"]
        os.kill(pid, signal.SIGSTOP)
    assert state(pid) is None
    assert f"Worker process {pid} was ended with SIGKILL between jobs" in client.pool.losses[0]
    assert client.retired == []
