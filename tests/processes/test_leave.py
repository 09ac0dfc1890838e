"""A worker that ends in the wrong moment: a clear error of that job or of the run, no hang, nobody left."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import sys
import termios

import pytest

from enforcer.processes.failures import ProcessFailed
from tests.processes.trivial import Client, failure, goes_on, pool, state, wait_until

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["exit", 3], r"Worker process \d+ ended with exit status 3 during a job; look for .*os\._exit\(\)"),
        (["exit", 0], r"Worker process \d+ ended with exit status 0 during a job"),
        (["kill"], r"Worker process \d+ was killed by SIGKILL during a job; .*run out of memory"),
        (["raise_system_exit"], r"Worker process \d+ could not go on during a job.*\n[^$]*SystemExit: 5"),
        (["no_such_request"], r"could not go on during a job[^$]*AttributeError"),
    ],
)
def test_a_job_that_ends_its_worker_fails_alone_and_says_how(words: list[object], text: str) -> None:
    with pool(limit=1) as client:
        client.run("echo", "a worker is there already")
        assert re.search(text, failure(client.start(*words)))
        goes_on(client)
    assert client.pool.losses == []


def test_a_job_that_closes_all_descriptors_fails_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with pool(limit=1) as client:
        assert re.search(
            r"exit status 70 during a job|closed its connection", failure(client.start("close_descriptors"))
        )
        goes_on(client)
    assert "Bad file descriptor" in capfd.readouterr().err


@pytest.mark.parametrize("die", [False, True])
def test_a_child_that_holds_our_connection_open_holds_nobody_up(die: bool) -> None:
    with pool(limit=1) as client:
        job = client.start("keep_descriptors", die)
        child = job.told()
        if die:
            assert "exit status 3 during a job" in failure(job)
            wait_until(lambda: state(child) is None)
        else:
            assert job.result() == child
        goes_on(client)
    assert state(child) is None


def test_a_daemon_of_a_worker_that_retired_lives_until_the_end() -> None:
    with pool(limit=1, lifetime=1) as client:
        daemon = client.run("daemonise")
        for _ in range(3):
            goes_on(client)
        with pytest.raises(ProcessFailed):
            client.run("exit", 3)
        assert state(daemon)
    assert state(daemon) is None


def test_a_daemon_of_a_worker_that_died_dies_and_that_of_another_lives() -> None:
    with pool(limit=2) as client:
        busy = client.start("daemonise_and_wait")
        others = busy.told()
        dying = client.start("daemonise_and_exit")
        own = dying.told()
        assert "exit status 3" in failure(dying)
        assert state(own) is None
        assert state(others)
        busy.interrupt()
        busy.result()
    assert state(others) is None


def test_a_worker_killed_during_a_job() -> None:
    with pool() as client:
        job = client.start("hang")
        os.kill(job.told(), signal.SIGKILL)
        assert "was killed by SIGKILL during a job" in failure(job)
        goes_on(client)


def test_a_worker_killed_between_jobs_is_replaced_and_its_loss_told() -> None:
    with pool(limit=1) as client:
        pid = client.run("whoami")["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: state(pid) is None)
        goes_on(client)
    assert len(client.pool.losses) == 1
    assert f"Worker process {pid} was killed by SIGKILL between jobs" in client.pool.losses[0]


def test_a_worker_killed_while_it_sends_a_large_result() -> None:
    with pool(limit=1) as client:
        pid = client.run("whoami")["pid"]

        def kill_in_the_middle(_: bytes) -> None:
            wait_until(lambda: unread(client) > 50_000)
            os.kill(pid, signal.SIGKILL)

        with pytest.raises(ProcessFailed, match="was killed by SIGKILL while sending its result"):
            client.pool.run(b'["large", 50000000]', kill_in_the_middle, lambda ticket: None)
        goes_on(client)


def test_a_result_that_was_sent_whole_counts_though_its_worker_is_dead() -> None:
    with pool(limit=1) as client:
        pid = client.run("whoami")["pid"]

        def kill_afterwards(_: bytes) -> None:
            wait_until(lambda: unread(client) > 50_000)
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: state(pid) is None)

        assert client.pool.run(b'["large", 50001]', kill_afterwards, lambda ticket: None) == b"x" * 50_001
        goes_on(client)
    assert len(client.pool.losses) == 1


def unread(client: Client) -> int:
    """Bytes that the only worker has sent and nobody has read."""
    (worker,) = client.pool._crew.present()
    answer = fcntl.ioctl(worker._connection._socket, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, sys.byteorder)
