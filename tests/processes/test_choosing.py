"""A job gets a worker that is up to date, lives so long, and is one of so many."""

from __future__ import annotations

from pathlib import Path

from tests.processes.trivial import pool, wait_until


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
            wait_until(lambda place=place: len(client.pool._crew.line) == place)  # type: ignore[misc]
        (tmp_path / "go").touch()
        assert [job.result() for job in jobs] == [2, 3, 4, 5, 6]
        assert len(client.pool._crew.line) == 0
