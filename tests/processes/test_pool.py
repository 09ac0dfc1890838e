"""Jobs run in workers that are up to date, live so long and are so many; nothing is left of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from enforcer.processes import linux
from enforcer.processes import pool as backend
from enforcer.processes.pool import Log, Pool, ProcessFailed
from tests.processes.trivial import Trivial, descriptors, pool, state, wait_until


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


def test_each_worker_takes_over_each_update_once_and_in_order() -> None:
    published = []
    with pool(limit=1, lifetime=3) as client:
        for number in range(300):
            published.append(f"update {number}")
            assert client.publish(published[-1]) == number
            if number % 2:
                assert client.run("updates") == published
        assert client.pool.traffic.forked == 50


def test_several_workers_agree_however_their_jobs_fall(tmp_path: Path) -> None:
    with pool(limit=2) as client:
        client.publish("before any worker")
        first = client.start("wait_for_file", str(tmp_path / "first"))
        first.told()
        client.publish("while one is busy")
        assert client.run("updates") == ["before any worker", "while one is busy"]
        (tmp_path / "first").touch()
        first.result()
        both = [client.start("updates") for _ in range(2)]
        assert [job.result() for job in both] == [["before any worker", "while one is busy"]] * 2


def test_the_pristine_process_is_fed_though_nobody_forks_and_the_log_stays_short() -> None:
    published = [f"update {number}" for number in range(500)]
    with pool(limit=1) as client:
        for update in published:
            client.publish(update)
            client.run("echo", "")
        assert client.pool.traffic.forked == 1
        assert len(client.pool._log.since(client.pool._log._first)) < 100
        client.run("spoil")
        assert client.run("updates") == published


def test_a_worker_is_used_again_until_it_has_done_its_jobs() -> None:
    with pool(limit=1, lifetime=3) as client:
        workers = [client.run("whoami")["pid"] for _ in range(7)]
        assert [workers.index(pid) for pid in workers] == [0, 0, 0, 3, 3, 3, 6]
    assert client.retired == [
        {"pid": workers[0], "jobs": 3},
        {"pid": workers[3], "jobs": 3},
        {"pid": workers[6], "jobs": 1},
    ]


def test_a_spoiled_worker_retires() -> None:
    with pool(limit=1) as client:
        before = client.run("whoami")["pid"]
        client.run("spoil")
        assert client.run("whoami")["pid"] != before
    assert client.retired[0] == {"pid": before, "jobs": 2}


def test_no_more_workers_than_the_limit_and_a_job_waits_for_one(tmp_path: Path) -> None:
    with pool(limit=3) as client:
        jobs = [client.start("wait_for_file", str(tmp_path / "go")) for _ in range(8)]
        wait_until(lambda: sum(bool(job.events) for job in jobs) == 3)
        (tmp_path / "go").touch()
        assert [job.result() for job in jobs] == ["seen"] * 8
        assert client.pool.traffic.forked == 3


def test_who_waits_longest_for_a_worker_gets_the_next_one(tmp_path: Path) -> None:
    with pool(limit=1) as client:
        first = client.start("wait_for_file", str(tmp_path / "go"))
        first.told()
        jobs = []
        for place in range(1, 6):
            jobs.append(client.start("count"))
            wait_until(lambda place=place: len(client.pool._line) == place)  # type: ignore[misc]
        (tmp_path / "go").touch()
        assert [job.result() for job in jobs] == [2, 3, 4, 5, 6]
        assert client.pool._line == []


@pytest.mark.parametrize(
    ("shares", "waits"),
    [((), False), ((0.9,), False), ((0.9, 0.0), False), ((0.9, 0.3), True), ((0.0, 0.9, 0.0, 0.9), True)],
    ids=["no worker", "one computes", "one computes, one waits", "both compute", "two of four compute"],
)
@pytest.mark.parametrize("looks", [True, False], ids=["first in line", "behind others until now"])
def test_while_workers_keep_both_processors_busy_a_job_waits_longer_for_one(
    shares: tuple[float, ...], waits: bool, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "_processors", lambda: 2)
    clock, workers = Clock(), [Computing(share) for share in shares]
    waiting = backend._Waiting(clock, threading.RLock(), workers)  # type: ignore[arg-type]
    if looks:
        assert waiting.patience(workers) == backend._PATIENCE  # type: ignore[arg-type]
    pass_time(clock, workers, backend._PATIENCE)
    longer = backend._BUSY_PATIENCE - backend._PATIENCE
    assert waiting.patience(workers) == (longer if waits else 0)  # type: ignore[arg-type]
    pass_time(clock, workers, longer)
    assert waiting.patience(workers) <= 0  # type: ignore[arg-type]


def test_a_worker_forked_while_a_job_waits_counts_as_busy_when_it_computes_since_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backend, "_processors", lambda: 2)
    clock, workers = Clock(), [Computing(0.9), Computing(0.9)]
    waiting = backend._Waiting(clock, threading.RLock(), workers)  # type: ignore[arg-type]
    pass_time(clock, workers, 0.9 * backend._PATIENCE)
    for share, waits in ((0.9, True), (0.0, False)):
        successor = Computing(share)
        successor.born, successor.computed = clock.now(), 0.0
        now = [workers[0], successor]
        pass_time(clock, now, 0.2 * backend._PATIENCE)
        assert (waiting.patience(now) > 0) is waits  # type: ignore[arg-type]


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


def test_suspended_workers_stand_still_and_go_on(tmp_path: Path) -> None:
    with pool() as client:
        job = client.start("wait_for_file", str(tmp_path / "go"))
        pid = job.told()
        client.pool.suspend()
        wait_until(lambda: state(pid) == "T")
        newcomer = client.start("echo", "forked while suspended")
        (tmp_path / "go").touch()
        wait_until(lambda: client.pool.traffic.forked == 2)
        wait_until(lambda: [state(worker.pid) for worker in client.pool._workers] == ["T", "T"])
        client.pool.resume()
        assert job.result() == "seen"
        assert newcomer.result() == "forked while suspended"


def test_a_worker_that_stops_itself_only_after_it_was_told_to_go_on_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("enforcer.processes.pool._STOPPING", 0.1)
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


def test_no_deadline_comes_nearer_while_suspended(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([100.0, 110.0, 150.0, 151.0])
    monkeypatch.setattr(linux.time, "monotonic", lambda: next(seconds))
    clock = linux.Clock()
    assert clock.now() == 100
    clock.pause()
    assert clock.now() == 110
    clock.resume()
    assert clock.now() == 111


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


def test_main_is_forked_within_the_guard_and_the_child_never_leaves_it(tmp_path: Path) -> None:
    @contextmanager
    def guard() -> Iterator[None]:
        (tmp_path / f"entered by {os.getpid()}").touch()
        yield
        (tmp_path / f"left by {os.getpid()}").touch()

    with pool(fork_guard=guard) as client:
        client.run("echo", "")
    assert {file.name for file in tmp_path.iterdir()} == {f"entered by {os.getpid()}", f"left by {os.getpid()}"}


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


def test_the_log_keeps_only_what_somebody_lacks() -> None:
    log = Log()
    for number in range(5):
        assert log.append(b"%d" % number) == number
    log.trim(3)
    assert log.since(3) == [b"3", b"4"]
    assert log.end == 5
    assert log.append(b"5") == 5
