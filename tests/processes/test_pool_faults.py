"""Whatever ends in the wrong moment: a clear error of that job or of the run, no hang, nobody left."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from enforcer.processes import handles
from enforcer.processes.pool import ProcessFailed
from tests.processes.trivial import Client, Job, descriptors, pool, state, wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() == before


def failure(job: Job) -> str:
    with pytest.raises(ProcessFailed) as caught:
        job.result()
    return str(caught.value)


def goes_on(client: Client) -> None:
    """The pool is as good as before."""
    assert client.run("echo", "next") == "next"


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
    (worker,) = client.pool._workers
    answer = fcntl.ioctl(worker._connection._socket, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, sys.byteorder)


@pytest.mark.parametrize(("ignore_sigterm", "signal_name"), [(False, "SIGTERM"), (True, "SIGKILL")])
def test_a_job_that_hangs_is_ended_some_time_after_its_interrupt(
    ignore_sigterm: bool, signal_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ignore_sigterm:
        monkeypatch.setattr(handles, "_LAST_CHANCE", 0.3)
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
    wait_until(lambda: any(state(worker.pid) == "T" for worker in client.pool._workers))
    return next(iter(client.pool._workers)).pid


def test_a_worker_that_hangs_when_it_retires_is_killed_and_its_loss_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handles, "_LAST_CHANCE", 0.3)
    with pool(limit=1, grace=0.2) as client:
        pid = client.run("whoami")["pid"]
        os.kill(pid, signal.SIGSTOP)
    assert state(pid) is None
    assert f"Worker process {pid} was ended with SIGKILL between jobs" in client.pool.losses[0]
    assert client.retired == []


def test_without_the_pristine_process_workers_finish_and_new_ones_are_refused(tmp_path: Path) -> None:
    with pool(limit=2) as client:
        job = client.start("wait_for_file", str(tmp_path / "go"))
        pid = job.told()
        pristine = client.pool._pristine
        assert pristine
        os.kill(pristine.pid, signal.SIGKILL)
        wait_until(lambda: state(pristine.pid) is None)
        for _ in range(2):
            text = failure(client.start("echo", "needs a new worker"))
            assert f"worker processes are forked from ({pristine.pid}) was killed by SIGKILL" in text
        (tmp_path / "go").touch()
        assert job.result() == "seen"
        assert client.run("whoami")["pid"] == pid
        child = client.run("daemonise")
        assert state(child)
    assert state(pid) is None
    wait_until(lambda: state(child) is None)
    assert [said["pid"] for said in client.retired] == [pid]


def test_a_pristine_process_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handles, "_ANSWER", 0.1)
    with pool() as client:
        pristine = client.pool._pristine
        assert pristine
        os.kill(pristine.pid, signal.SIGSTOP)
        assert "was killed by SIGKILL" in failure(client.start("echo", ""))
        assert state(pristine.pid) is None


def test_an_update_that_the_pristine_process_cannot_apply_ends_it(capfd: pytest.CaptureFixture[str]) -> None:
    with pool() as client:
        client.publish("fail")
        assert "ended with exit status 70" in failure(client.start("echo", ""))
    assert "ValueError: an update that cannot be applied" in capfd.readouterr().err


def test_an_update_that_a_worker_cannot_apply_fails_its_job() -> None:
    with pool(limit=1) as client:
        goes_on(client)
        client.publish("fail")
        assert "ValueError: an update that cannot be applied" in failure(client.start("echo", ""))


def test_closing_finds_everything_dead_already() -> None:
    with pool() as client:
        who = client.run("whoami")
        for pid in (who["pid"], who["pristine"]):
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: state(pid) is None)
    assert f"Worker process {who['pid']} has ended between jobs" in client.pool.losses[0]


@pytest.mark.parametrize("suspended", [False, True])
def test_nobody_is_left_when_main_is_killed(suspended: bool) -> None:
    program = f"""if True:
        import os, time
        from tests.processes.trivial import pool
        with pool(limit=3) as client:
            print(client.run("whoami")["pristine"], client.run("daemonise"))
            for job in [client.start("hang"), client.start("hang")]:
                print(job.told())
            {suspended} and client.pool.suspend()
            print("all", flush=True)
            holder = os.fork()  # holds our ends of all connections
            if not holder:
                time.sleep(1000)
            print(holder, flush=True)
            job.result()
    """
    main = subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert main.stdout
    with main, main.stdout:
        pids = [int(word) for line in iter(main.stdout.readline, "all\n") for word in line.split()]
        holder = int(main.stdout.readline())
        try:
            assert len(pids) == 4
            assert all(map(state, pids))
            if suspended:
                wait_until(lambda: [state(pid) for pid in pids[2:]] == ["T", "T"])
            main.kill()
            wait_until(lambda: not any(map(state, pids)))
        finally:
            os.kill(holder, signal.SIGKILL)


def test_nobody_is_left_when_main_ends_without_closing() -> None:
    program = """if True:
        import os
        from enforcer.processes.pool import Pool
        from tests.processes.trivial import Client, Trivial
        client = Client(Pool(Trivial(), limit=1, lifetime=9))
        client.pool.start()
        who = client.run("whoami")
        print(who["pid"], who["pristine"])
    """
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    wait_until(lambda: not any(state(int(pid)) for pid in done.stdout.split()))
