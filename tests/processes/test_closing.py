"""Nothing is left of a pool, whatever had ended before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from enforcer.processes import linux
from enforcer.processes.failures import ProcessFailed
from enforcer.processes.pool import Pool
from tests.processes.trivial import Trivial, descriptors, pool, state, wait_until

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("nothing_left")


def test_closing_leaves_no_process_no_descriptor_and_no_thread() -> None:
    before, threads = descriptors(), threading.active_count()
    with pool(limit=3, lifetime=2) as client:
        pids = {client.run("whoami")[key] for _ in range(5) for key in ("pid", "pristine")}
    assert descriptors() == before
    assert threading.active_count() == threads
    assert [pid for pid in pids if state(pid)] == []
    assert linux.children(os.getpid()) == [pid for pid in linux.children(os.getpid()) if pid not in pids]
    client.close()
    with pytest.raises(ProcessFailed, match="the run has ended"):
        client.run("echo", "too late")


def test_a_pool_that_was_never_started_can_be_closed() -> None:
    Pool(Trivial(), limit=1, lifetime=1).close(print)


def test_closing_kills_jobs_that_still_run() -> None:
    with pool() as client:
        job = client.start("hang")
        pid = job.told()
        waiting = client.start("hang")
        waiting.told()
        third = client.start("echo", "no worker is free")
    with pytest.raises(ProcessFailed, match="the run has ended"):
        third.result()
    with pytest.raises(ProcessFailed, match="SIGKILL"):
        waiting.result()
    with pytest.raises(ProcessFailed, match="SIGKILL"):
        job.result()
    assert state(pid) is None


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
