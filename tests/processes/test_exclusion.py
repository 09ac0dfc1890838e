"""Jobs that have a group in common never run at the same time, and nobody else waits for them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from enforcer.processes import linux
from enforcer.processes.exclusion import Exclusion
from enforcer.processes.failures import GivenUp
from tests.processes.trivial import Client, Job, failure, goes_on, pool


def waiting(client: Client, *words: object, groups: str) -> Job:
    """A job that waits for others of its groups, named by a letter each."""
    job = client.start(*words, groups=groups)
    job.wait_for_ticket()
    assert not job.events
    return job


def running(client: Client, path: Path, groups: str) -> Job:
    """A job that runs until a file is there."""
    job = client.start("wait_for_file", str(path), groups=groups)
    job.told()
    return job


def test_a_job_waits_for_one_of_its_group_and_takes_its_worker(tmp_path: Path) -> None:
    with pool(limit=3) as client:
        first = running(client, tmp_path / "go", "a")
        second = waiting(client, "count", groups="a")
        (tmp_path / "go").touch()
        assert (first.result(), second.result()) == ("seen", 2)
        assert client.pool.traffic.forked == 1


def test_jobs_of_other_groups_and_of_none_run_meanwhile(tmp_path: Path) -> None:
    with pool(limit=3) as client:
        first = running(client, tmp_path / "go", "a")
        waiting(client, "count", groups="a")
        other = running(client, tmp_path / "go", "b")
        assert client.run("echo", "none") == "none"
        (tmp_path / "go").touch()
        assert (first.result(), other.result()) == ("seen", "seen")


def test_a_job_of_two_groups_waits_for_both_and_keeps_out_both(tmp_path: Path) -> None:
    with pool(limit=3) as client:
        a, b = running(client, tmp_path / "a", "a"), running(client, tmp_path / "b", "b")
        both = waiting(client, "wait_for_file", str(tmp_path / "both"), groups="ab")
        (tmp_path / "a").touch()
        assert a.result() == "seen"
        assert not both.events
        (tmp_path / "b").touch()
        assert b.result() == "seen"
        both.told()
        later = [waiting(client, "echo", group, groups=group) for group in "ab"]
        (tmp_path / "both").touch()
        assert both.result() == "seen"
        assert [job.result() for job in later] == ["a", "b"]


def test_who_waits_longest_is_not_passed_by_for_ever(tmp_path: Path) -> None:
    with pool(limit=3) as client:
        first = running(client, tmp_path / "go", "a")
        both = waiting(client, "count", groups="ab")
        later = waiting(client, "count", groups="b")  # nobody has it, but it is promised
        (tmp_path / "go").touch()
        assert [job.result() for job in (first, both, later)] == ["seen", 2, 3]


def test_jobs_that_want_the_same_groups_do_not_wait_for_each_other() -> None:
    with pool(limit=3) as client:
        jobs = [client.start("echo", number, groups="abc"[number % 3 :] + "abc"[: number % 2]) for number in range(30)]
        assert [job.result() for job in jobs] == list(range(30))


@pytest.mark.parametrize("words", [("kill",), ("exit", 3), ("raise_system_exit",)])
def test_a_worker_that_dies_lets_the_next_one_in(words: tuple[object, ...], tmp_path: Path) -> None:
    with pool(limit=2) as client:
        first = running(client, tmp_path / "go", "a")
        dies, last = waiting(client, *words, groups="a"), waiting(client, "echo", "last", groups="a")
        (tmp_path / "go").touch()
        assert first.result() == "seen"
        assert failure(dies)
        assert last.result() == "last"


def test_an_error_of_the_listener_lets_the_next_one_in() -> None:
    def raises(event: bytes) -> None:
        raise ZeroDivisionError

    with pool(limit=2) as client:
        request = b'["events", 1]'
        with pytest.raises(ZeroDivisionError):
            client.pool.run(request, raises, lambda ticket: None, groups=frozenset("a"))
        assert client.start("echo", "next", groups="a").result() == "next"


def test_a_job_that_waits_gives_up_at_once_when_it_is_interrupted(tmp_path: Path) -> None:
    with pool(limit=2) as client:
        first = running(client, tmp_path / "go", "a")
        second, third = (waiting(client, "echo", word, groups="a") for word in ("second", "third"))
        second.interrupt()
        with pytest.raises(GivenUp):
            second.result()
        (tmp_path / "go").touch()
        assert (first.result(), third.result()) == ("seen", "third")
        assert client.pool.traffic.forked == 1


def test_an_interrupted_job_lets_the_next_one_in() -> None:
    with pool(limit=2) as client:
        first = client.start("wait_for_interrupt", groups="a")
        first.told()
        second = waiting(client, "echo", "second", groups="a")
        first.interrupt()
        assert (first.result(), second.result()) == ("interrupted", "second")


def test_what_begun_raises_while_the_job_waits_ends_the_wait(tmp_path: Path) -> None:
    def begun(ticket: object) -> None:
        raise ZeroDivisionError

    with pool(limit=2) as client:
        first = running(client, tmp_path / "go", "a")
        with pytest.raises(ZeroDivisionError):
            client.pool.run(b'["count"]', lambda event: None, begun, groups=frozenset("a"))
        (tmp_path / "go").touch()
        assert first.result() == "seen"
        goes_on(client)


def test_jobs_that_wait_end_with_the_pool() -> None:
    with pool(limit=2) as client:
        first = client.start("hang", groups="a")
        first.told()
        second = waiting(client, "echo", "second", groups="a")
    assert "SIGKILL" in failure(first)
    assert failure(second) == "No worker takes further jobs: the run has ended."


def test_jobs_that_wait_stay_where_they_are_while_all_is_suspended(tmp_path: Path) -> None:
    with pool(limit=2) as client:
        first = running(client, tmp_path / "go", "a")
        second = waiting(client, "echo", "second", groups="a")
        client.pool.suspend()
        (tmp_path / "go").touch()
        client.pool.resume()
        assert (first.result(), second.result()) == ("seen", "second")


def test_who_had_to_wait_is_counted_by_group(tmp_path: Path) -> None:
    with pool(limit=3) as client:
        first = running(client, tmp_path / "go", "a")
        second, third = waiting(client, "count", groups="ab"), waiting(client, "count", groups="b")
        (tmp_path / "go").touch()
        for job in (first, second, third, client.start("count", groups="c")):
            job.result()
    counts = {group: (waits.jobs, waits.waited) for group, waits in client.pool.waits.items()}
    assert counts == {"a": (2, 1), "b": (2, 2), "c": (1, 0)}
    assert client.pool.waits["c"].seconds == 0.0
    assert client.pool.waits["b"].seconds > client.pool.waits["a"].seconds > 0.0


def test_a_wait_does_not_grow_while_the_clock_stands() -> None:
    clock = linux.Clock()
    exclusion = Exclusion(threading.RLock(), clock)
    waits, ended = threading.Event(), threading.Event()

    def second() -> None:
        with exclusion.turn(frozenset("a"), waits.set, lambda: None):
            ended.set()

    clock.pause()
    with exclusion.turn(frozenset("a"), lambda: None, lambda: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(20)
    assert ended.wait(20)
    thread.join()
    assert exclusion.waits["a"].waited == 1
    assert exclusion.waits["a"].seconds == 0.0


def test_jobs_without_groups_stand_in_no_line() -> None:
    exclusion = Exclusion(threading.RLock(), linux.Clock())
    with exclusion.turn(frozenset(), lambda: None, lambda: None):
        pass
    assert not exclusion.waits
    assert not exclusion._line
