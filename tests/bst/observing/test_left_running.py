"""Which threads and child processes run at one moment."""

from __future__ import annotations

import _thread
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from enforcer.bst.observing.late import Late
from enforcer.bst.observing.left_running import (
    NO_LEAKS,
    Leaks,
    _is_grpc_thread,
    _process_name,
    _thread_name,
    left_running,
    running,
)

_WAITS = "import sys; print('started', flush=True); sys.stdin.read()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until its input ends."""
    with start() as process:
        yield process


def start() -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", _WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline()  # while a program is being loaded it has no name
    return process


def test_a_child_runs_until_it_has_ended_although_nobody_asked_for_its_status(child: subprocess.Popen[bytes]) -> None:
    assert child.pid in running().processes
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert child.pid not in running().processes


def test_a_child_of_another_thread_is_one_of_this_process() -> None:
    started: list[subprocess.Popen[bytes]] = []
    done = threading.Event()

    def work() -> None:
        started.append(start())
        ready.set()
        done.wait()

    ready = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    now = running()
    [process] = started
    assert process.pid in now.processes
    assert thread.ident in now.threads
    done.set()
    thread.join()
    assert process.pid in running().processes
    process.communicate()
    assert running().processes.isdisjoint({process.pid})


def test_a_process_is_called_as_its_program_and_one_that_is_gone_just_that(child: subprocess.Popen[bytes]) -> None:
    assert _process_name(child.pid) == os.path.basename(sys.executable)
    child.communicate()
    assert _process_name(child.pid) == "process"


def test_a_process_without_children_has_none() -> None:
    script = "from enforcer.bst.observing.left_running import running; assert not running().processes"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_a_thread_that_grpc_runs_is_one_of_a_library_although_its_function_is_compiled() -> None:
    grpc = pytest.importorskip("grpc")
    before = running().threads
    told, seen = threading.Event(), threading.Event()

    def stay(state: object) -> None:
        told.set()
        seen.wait(60)

    with grpc.insecure_channel("unix:/nowhere") as channel:
        channel.subscribe(stay, try_to_connect=True)
        assert told.wait(60)
        new = running().threads - before
        others = [_thread_name(ident) for ident in new if not _is_grpc_thread(ident)]
        seen.set()
        assert new
        assert others == []


def test_a_thread_whose_function_has_returned_is_not_left() -> None:
    before = running()
    seen, over = threading.Event(), threading.Event()

    class Slow(threading.Thread):
        """Takes its time between the end of its function and its own."""

        def run(self) -> None:
            super().run()
            seen.set()
            over.wait(60)

    thread = Slow(target=lambda: None)
    thread.start()
    seen.wait()
    leaks = left_running(before, None, lambda one: True if one is thread else None, Late())
    over.set()
    thread.join()
    assert leaks == NO_LEAKS


def test_a_thread_that_runs_a_compiled_function_past_the_module_is_left_until_it_has_ended() -> None:
    before = running()
    going_on = threading.Lock()
    going_on.acquire()
    _thread.start_new_thread(going_on.acquire, ())
    deadline = time.monotonic() + 60
    while running().unseen == before.unseen:
        assert time.monotonic() < deadline, "the thread never began"
        time.sleep(0.001)
    assert left_running(before, None, lambda thread: None, Late()) == Leaks({-1: "thread"}, {})
    assert left_running(running(), None, lambda thread: None, Late()) == NO_LEAKS
    going_on.release()
    assert left_running(before, None, lambda thread: None, Late()) == NO_LEAKS


def test_whose_a_thread_is_its_start_tells() -> None:
    before = running()
    over = threading.Event()
    threads = [threading.Thread(target=over.wait, args=(60,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    told = dict(zip(threads, (True, False, None), strict=True))
    leaks = left_running(before, None, lambda thread: told.get(thread), Late())  # type: ignore[arg-type]
    over.set()
    for thread in threads:
        thread.join()
    assert set(leaks.threads) == {threads[0].ident, threads[2].ident}


def test_a_thread_of_a_callable_object_is_no_librarys() -> None:
    class Claims:
        __module__ = "grpc.made_up"  # a class's word is not a function's

        def __init__(self) -> None:
            self.over = threading.Event()

        def __call__(self) -> None:
            self.over.wait(10)

    target = Claims()
    thread = threading.Thread(target=target)
    thread.start()
    assert thread.ident is not None
    found = _is_grpc_thread(thread.ident), _thread_name(thread.ident)
    target.over.set()
    thread.join()
    assert found == (False, "Thread")
