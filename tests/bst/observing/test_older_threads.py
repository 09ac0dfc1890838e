"""Which threads may be a plugin's although no job has started them."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from enforcer.bst.observing.left_running import SeenThread, running, threads_now
from enforcer.bst.observing.older_threads import OlderThreads


@pytest.fixture
def before() -> list[SeenThread]:
    """What ran before a test has started anything."""
    return threads_now()


@pytest.fixture
def waiting() -> Iterator[Callable[[], object]]:
    """A function for threads, which waits until the test is over."""
    over = threading.Event()
    yield lambda: over.wait(60)
    over.set()


def are_there(before: list[SeenThread], *late: int, executor: object = None) -> bool:
    return OlderThreads(before).run(running().threads, late, executor)


def test_where_nothing_was_started_there_is_none(before: list[SeenThread]) -> None:
    assert not are_there(before)


def test_a_thread_may_be_a_plugins_unless_it_ran_before_plugins_or_a_job_has_left_it(
    before: list[SeenThread], waiting: Callable[[], object]
) -> None:
    thread = threading.Thread(target=waiting)
    thread.start()
    assert thread.ident is not None
    assert are_there(before)
    assert not are_there(threads_now())
    assert not are_there(before, thread.ident)


def test_a_thread_that_is_older_than_plugins_counts_by_its_object_not_by_its_number(
    before: list[SeenThread], waiting: Callable[[], object]
) -> None:
    thread = threading.Thread(target=waiting)
    thread.start()
    assert thread.ident is not None
    assert are_there([*before, SeenThread(thread.ident, threading.Thread())])


def test_a_timer_and_a_thread_past_threading_may_be_a_plugins(
    before: list[SeenThread], waiting: Callable[[], object]
) -> None:
    timer = threading.Timer(60, waiting)
    timer.start()
    assert are_there(before)
    timer.cancel()
    timer.join()
    assert not are_there(before)
    begun = threading.Event()
    _thread.start_new_thread(lambda: (begun.set(), waiting()), ())
    assert begun.wait(60)
    assert are_there(before)


def test_the_schedulers_own_executor_has_none_and_another_has(before: list[SeenThread]) -> None:
    with ThreadPoolExecutor() as executor:
        executor.submit(str).result()
        assert not are_there(before, executor=executor)
        assert are_there(before)


def test_a_thread_of_the_executor_is_known_before_the_executor_lists_it(
    before: list[SeenThread], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor() as executor:
        executor.submit(str).result()
        with monkeypatch.context() as patch:
            patch.setattr(executor, "_threads", set())
            assert not are_there(before, executor=executor)


def test_threads_of_grpc_and_of_the_core_are_none(before: list[SeenThread]) -> None:
    grpc = pytest.importorskip("grpc")
    told, seen = threading.Event(), threading.Event()

    def stay(state: object) -> None:
        told.set()
        seen.wait(60)

    with grpc.insecure_channel("unix:/nowhere") as channel:
        channel.subscribe(stay, try_to_connect=True)
        assert told.wait(60)
        assert running().threads.difference(each.ident for each in before)
        assert not are_there(before)
        seen.set()
