"""Jobs run in workers: what goes in, what comes back, and what comes on the way."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from enforcer.processes.failures import ProcessFailed
from tests.processes.trivial import pool, state


def test_a_job_runs_in_a_child_of_the_pristine_process_and_its_result_comes_back() -> None:
    with pool() as client:
        assert client.run("echo", "hello") == "hello"
        who = client.run("whoami")
        assert who["parent"] == who["pristine"]
        assert len({who["pid"], who["pristine"], os.getpid()}) == 3


def test_events_arrive_in_order_before_the_result() -> None:
    with pool() as client:
        job = client.start("events", 500)
        job.result()
        assert job.events == [b"%d" % number for number in range(500)]


def test_an_event_that_is_waited_for_is_dealt_with_when_its_sender_goes_on(tmp_path: Path) -> None:
    with pool() as client:
        request = json.dumps(["wait_until_heard", str(tmp_path / "heard")]).encode()
        result = client.pool.run(request, lambda event: (tmp_path / "heard").touch(), lambda ticket: None)
    assert result == b"true"


def test_main_that_fails_to_deal_with_such_an_event_leaves_nobody_waiting(tmp_path: Path) -> None:
    def fail(event: bytes) -> None:
        raise OSError("no space left")

    with pool(limit=1) as client:
        with pytest.raises(OSError, match="no space left"):
            client.pool.run(b'["wait_until_heard", ""]', fail, lambda ticket: None)
        assert client.run("echo", "next") == "next"


def test_a_large_request_and_a_large_result_arrive() -> None:
    with pool() as client:
        assert len(client.run("echo", "x" * 50_000_000)) == 50_000_000


def test_what_a_thread_says_after_its_job_is_not_taken_for_the_next_jobs() -> None:
    with pool(limit=1) as client:
        client.run("leave_a_thread_that_tells")
        job = client.start("wait_for_that_thread")
        job.result()
        assert job.events == []


def test_an_interrupted_job_ends_and_its_worker_goes_on() -> None:
    with pool(limit=1) as client:
        job = client.start("wait_for_interrupt")
        pid = job.told()
        job.interrupt()
        assert job.result() == "interrupted"
        job.interrupt()  # too late, and harmless
        assert client.run("whoami")["pid"] == pid


def test_a_job_that_its_caller_calls_off_never_reaches_the_worker() -> None:
    def call_off(_: object) -> None:
        raise KeyboardInterrupt

    with pool(limit=1) as client:
        pid = client.run("whoami")["pid"]
        with pytest.raises(KeyboardInterrupt):
            client.pool.run(b'["exit", 3]', print, call_off)
        assert client.run("whoami")["pid"] == pid


def test_an_exception_of_whoever_is_told_ends_the_worker_and_nothing_else() -> None:
    def refuse(_: bytes) -> None:
        raise KeyError("no such event")

    with pool(limit=1) as client:
        pid = client.run("whoami")["pid"]
        with pytest.raises(KeyError, match="no such event"):
            client.pool.run(b'["events", 3]', refuse, lambda ticket: None)
        assert state(pid) is None
        assert client.run("echo", "next") == "next"


def test_handlers_of_main_are_not_those_of_workers() -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    read, write = socket.socketpair()
    write.setblocking(False)
    loop = signal.set_wakeup_fd(write.fileno())
    try:
        with pool() as client:
            job = client.start("hang")
            pid = job.told()
            os.kill(pid, signal.SIGINT)
            assert state(pid)
            os.kill(pid, signal.SIGUSR1)
            with pytest.raises(ProcessFailed, match="SIGUSR1"):
                job.result()
        with pytest.raises(BlockingIOError):
            read.recv(1, socket.MSG_DONTWAIT)
    finally:
        signal.set_wakeup_fd(loop)
        signal.signal(signal.SIGUSR1, before)
        read.close()
        write.close()
