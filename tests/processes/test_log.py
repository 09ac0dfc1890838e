"""Everyone takes over each update once and in order, and what everyone has is dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from enforcer.processes.log import Log
from tests.processes.trivial import failure, goes_on, pool

pytestmark = pytest.mark.usefixtures("nothing_left")


class At:
    """A reader of the log."""

    def __init__(self, position: int) -> None:
        self.position = position


def test_the_log_keeps_only_what_somebody_lacks() -> None:
    log = Log()
    for number in range(5):
        assert log.append(b"%d" % number) == number
    ahead, behind = At(4), At(3)
    log.trim([ahead, behind])
    assert len(log) == 2
    assert log.hand_over(behind) == [b"3", b"4"]
    assert log.hand_over(ahead) == [b"4"]
    assert behind.position == ahead.position == log.end == 5
    assert log.append(b"5") == 5
    assert log.hand_over(behind) == [b"5"]
    assert log.hand_over(behind) == []


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
        assert len(client.pool._log) < 100
        client.run("spoil")
        assert client.run("updates") == published


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
