"""What earlier jobs have left is known by what it is, not by its number, and so is what it starts."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from enforcer.bst.observing.late import Late
from enforcer.bst.observing.left_running import Leaks, running
from enforcer.results.findings import Job

FIRST, SECOND = Job("first.bst", "Build"), Job("second.bst", "Build")


class Waiting:
    """A thread that runs until it is told to end."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.over.wait)
        self.thread.start()
        assert self.thread.ident is not None
        self.ident = self.thread.ident

    def end(self) -> None:
        self.over.set()
        self.thread.join()


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    made = Waiting()
    yield made
    made.end()


def left(late: Late, job: Job, ident: int) -> None:
    late.add(job, Leaks({ident: "thread"}, {}))
    late.look(running())


def test_a_thread_that_was_left_is_its_jobs_until_it_ends(waiting: Waiting) -> None:
    late = Late()
    left(late, FIRST, waiting.ident)
    assert (late.threads, late.leakers) == ({waiting.ident}, [FIRST])
    waiting.end()
    late.look(running())
    assert (late.threads, late.leakers) == (set(), [])


def test_a_thread_with_the_number_of_one_that_has_ended_is_another(waiting: Waiting) -> None:
    late = Late()
    left(late, FIRST, waiting.ident)
    another = threading.Thread()
    threading._active[waiting.ident] = another  # type: ignore[attr-defined]
    late.look(running())
    threading._active[waiting.ident] = waiting.thread  # type: ignore[attr-defined]
    assert (late.threads, late.leakers) == (set(), [])


def test_what_a_left_thread_starts_is_its_jobs_too(waiting: Waiting) -> None:
    late = Late()
    left(late, FIRST, waiting.ident)
    started = Waiting()
    late.adopt_thread(started.thread, started.ident, starter=waiting.ident)
    late.adopt_thread(threading.Thread(), 1, starter=threading.get_ident())
    late.adopt_process(2, starter=waiting.ident)
    late.adopt_process(3, starter=threading.get_ident())
    assert (late.threads, late.processes) == ({waiting.ident, started.ident}, {2})
    waiting.end()
    late.look(running())
    assert (late.threads, late.leakers) == ({started.ident}, [FIRST])
    started.end()


def test_a_process_may_be_that_of_a_left_one_when_one_of_these_has_ended() -> None:
    late = Late()
    program = "import subprocess, sys; p = subprocess.Popen(['cat']); print(p.pid, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        late.add(SECOND, Leaks({}, {process.pid: "python"}))
        late.look(running())
        assert (late.processes, late.all_leakers, late.leakers) == ({process.pid}, [SECOND], [])
        assert not late.may_have_left()
        subprocess.run(["kill", str(child)], check=True)
        while late._below and not late.may_have_left():
            pass
        assert late.may_have_left()
