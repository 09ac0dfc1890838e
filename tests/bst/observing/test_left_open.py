"""What is left open is told from what is closed in time and from what others open; names are the same in each run."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import socket
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.blame.live import Where
from enforcer.blame.place import Place
from enforcer.bst.observing import openings as openings_module
from enforcer.bst.observing.late import Late
from enforcer.bst.observing.left_open import NOTHING_OPEN, LeftOpenSearch
from enforcer.bst.observing.left_running import NO_LEAKS, Leaks
from enforcer.bst.observing.openings import Openings, listen, open_descriptors
from enforcer.bst.observing.starts import Starts

HERE = Place(__file__, 1, "a function that names it")
STARTED: Any = Where(Place(__file__, 1, "a function that starts a process"))
# Under another name, as these are to be left open.
leave_open: Any = open
MAKERS: Any = SimpleNamespace(running=lambda frame: None, starts=lambda thread, frame: None)


class Watched:
    """A job that the functions of this file run in, as a plugin's."""

    def __init__(self, files: frozenset[str] = frozenset({__file__})) -> None:
        listen()
        self.late = Late()
        self.starts = Starts(files, MAKERS, self.late)
        self.openings = Openings(files, MAKERS, self.starts.is_in_plugins_thread, notes_lines=True)
        # The main thread's doings are no job's.
        self.openings._main = 0
        self.kept: list[Any] = []

    def left(
        self, action: Callable[[list[Any]], object], leaks: Leaks = NO_LEAKS, named: str = ""
    ) -> list[tuple[str, str | None]]:
        """Names of what `action` leaves, with the function that did it, if it was seen; it may keep things."""
        before = open_descriptors()
        with self.starts.watching(), self.openings.watching():
            action(self.kept)
        search = LeftOpenSearch(
            before, self.openings, self.starts, leaks, lambda pid: STARTED, self.late.threads,
            lambda name: HERE if name == named else None, os.path.basename,
        )  # fmt: skip
        found = search.look()
        return [(left.name, left.where.plugin and left.where.plugin.function) for left in sum(found, ())]


@pytest.fixture
def job() -> Iterator[Watched]:
    watched = Watched()
    yield watched
    for kept in watched.kept:
        os.close(kept) if isinstance(kept, int) else kept.close()


def opens(kept: list[Any]) -> None:
    kept.append(leave_open(__file__, encoding="utf-8"))


def test_a_thread_that_is_over_is_not_kept_with_all_that_it_holds_open(job: Watched) -> None:
    gone: list[weakref.ref[threading.Thread]] = []

    def runs_a_thread(kept: list[Any]) -> None:
        thread = threading.Thread(target=len, args=("",))
        thread.start()
        thread.join()
        gone.append(weakref.ref(thread))

    assert job.left(runs_a_thread) == []
    assert gone[0]() is None


def test_a_file_that_is_kept_is_left_where_it_was_opened(job: Watched) -> None:
    assert job.left(opens) == [("test_left_open.py", "opens")]


def test_what_was_open_before_is_not_left_whatever_numbers_are_free(job: Watched) -> None:
    opens(job.kept)
    assert job.left(lambda kept: None) == []
    assert job.left(opens) == [("test_left_open.py", "opens")]


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_that_nobody_has_any_more_is_closed(job: Watched) -> None:
    def action(kept: list[Any]) -> None:
        circle: list[Any] = [leave_open(__file__, encoding="utf-8")]
        circle.append(circle)

    assert job.left(action) == []


def test_what_others_than_plugins_open_is_not_theirs() -> None:
    watched = Watched(files=frozenset())
    opened = []
    try:
        before = open_descriptors()
        with watched.openings.watching():
            opened += [leave_open(__file__, encoding="utf-8"), socket.socket()]
        search = LeftOpenSearch(
            before,
            watched.openings,
            watched.starts,
            NO_LEAKS,
            lambda pid: None,
            (),
            lambda name: None,
            os.path.basename,
        )
        assert search.look() == NOTHING_OPEN
    finally:
        for each in opened:
            each.close()


def test_both_ends_of_a_pair_are_one_thing(job: Watched) -> None:
    def pair(kept: list[Any]) -> None:
        kept += socket.socketpair()

    assert job.left(pair) == [("socket", "pair")]


def test_a_socket_of_which_only_the_descriptor_is_left_is_known(job: Watched) -> None:
    def detached(kept: list[Any]) -> None:
        kept.append(socket.socket().detach())

    assert job.left(detached) == [("socket", "detached")]


def test_a_file_that_was_opened_by_another_way_is_known(job: Watched) -> None:
    def by_another_way(kept: list[Any]) -> None:
        folder, name = os.path.split(__file__)
        kept.append(os.open(f"{folder}/../observing/{name}", os.O_RDONLY))
        kept.append(os.open(folder, os.O_DIRECTORY))
        kept.append(os.open(name, os.O_RDONLY, dir_fd=kept[-1]))

    assert job.left(by_another_way) == [
        ("observing", "by_another_way"),
        ("test_left_open.py", "by_another_way"),
    ]


def test_what_python_does_not_tell_of_is_named_by_the_kernel_and_found_in_the_code(job: Watched) -> None:
    assert job.left(lambda kept: kept.extend(os.pipe()), named="pipe") == [("pipe", HERE.function)]
    assert job.left(lambda kept: kept.append(os.memfd_create("x")), named="memfd_create") == [("memfd", HERE.function)]
    assert job.left(lambda kept: kept.append(select.epoll()), named="epoll") == [("epoll", HERE.function)]


def test_where_no_descriptor_is_free_those_that_are_open_are_known(job: Watched) -> None:
    def takes_all(kept: list[Any]) -> None:
        with contextlib.suppress(OSError):
            while True:
                kept.append(os.open(__file__, os.O_RDONLY))

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(open_descriptors()) + 20, before[1]))
    try:
        assert job.left(takes_all) == [("test_left_open.py", "takes_all")]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_grpc_may_have_opened_is_no_plugins_whose_code_does_not_name_it(job: Watched) -> None:
    def as_grpc_does(kept: list[Any]) -> None:
        poll, wake = select.epoll(), os.eventfd(0)
        poll.register(wake)
        kept += [poll, wake]

    assert job.left(as_grpc_does) == []
    for name in ("epoll", "eventfd"):
        assert job.left(as_grpc_does, named=name) == []
    assert job.left(lambda kept: kept.append(os.eventfd(0)), named="eventfd") == [("eventfd", HERE.function)]


def test_a_pipe_to_a_process_was_opened_where_that_was_started(job: Watched) -> None:
    def ran(kept: list[Any]) -> None:
        process = subprocess.Popen(["true"], stdout=subprocess.PIPE)
        process.wait()
        kept.append(process.stdout)

    assert job.left(ran) == [("pipe", STARTED.plugin.function)]


def test_what_a_thread_or_process_holds_that_is_left_is_told_with_it(job: Watched) -> None:
    def waits(kept: list[Any]) -> None:
        kept += [*socket.socketpair(), *os.pipe()]

    assert job.left(waits, Leaks({1: "thread"}, {})) == []
    assert job.left(waits, Leaks({}, {1: "sleep"})) == []
    assert job.left(opens, Leaks({1: "thread"}, {1: "sleep"})) == [("test_left_open.py", "opens")]
    assert job.left(opens, Leaks({threading.get_ident(): "thread"}, {})) == []


def test_what_a_left_thread_of_an_earlier_job_opens_is_not_this_jobs(job: Watched) -> None:
    job.late.threads.add(threading.get_ident())
    assert job.left(opens) == []


def test_a_temporary_file_is_named_without_what_is_made_up(job: Watched) -> None:
    paths = []

    def makes(kept: list[Any]) -> None:
        descriptor, path = tempfile.mkstemp(prefix="acme-", suffix=".log")
        os.close(descriptor)
        paths.append(path)

    def makes_directory(kept: list[Any]) -> None:
        paths.append(tempfile.mkdtemp())

    try:
        assert job.left(makes) == [("acme-*.log", "makes")]
        os.unlink(paths[0])
        assert job.left(makes_directory) == [(f"{tempfile.template}*/", "makes_directory")]
    finally:
        os.rmdir(paths[1])


def test_an_open_temporary_file_is_told_once(job: Watched) -> None:
    def makes(kept: list[Any]) -> None:
        make_named, make_nameless = tempfile.NamedTemporaryFile, tempfile.TemporaryFile
        kept += [make_named(prefix="acme-"), make_nameless()]

    assert job.left(makes) == [("a temporary file", "makes"), ("acme-*", "makes")]


def test_a_temporary_file_below_another_directory_or_gone_is_none(job: Watched, tmp_path: Any) -> None:
    def makes(kept: list[Any]) -> None:
        tempfile.mkdtemp(dir=tmp_path)
        descriptor, path = tempfile.mkstemp()
        os.close(descriptor)
        os.unlink(path)

    assert job.left(makes) == []


def test_many_openings_take_no_more_room(job: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings_module, "_MANY", 4)

    def many(kept: list[Any]) -> None:
        opens(kept)
        for name in sorted(os.listdir(os.path.dirname(__file__))):
            if name.endswith(".py") and name != os.path.basename(__file__):
                open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8").close()

    assert job.left(many) == [("test_left_open.py", "opens")]
    assert len(job.openings.files) <= 4


def test_the_hook_does_nothing_when_no_action_runs(job: Watched) -> None:
    opens(job.kept)
    assert (job.openings.files, openings_module._current) == ({}, None)


def test_a_failure_of_ours_breaks_no_opening(job: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job.openings, "_opening", lambda frame: 1 / 0)
    assert job.left(opens) == [("test_left_open.py", None)]
