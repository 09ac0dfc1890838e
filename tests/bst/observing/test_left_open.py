"""What is left open is told from what is closed in time and from what others open; names are the same in each run."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import mmap
import multiprocessing.util
import os
import random
import resource
import secrets
import select
import socket
import string
import subprocess
import tempfile
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator
from multiprocessing import heap, shared_memory
from os import dup, eventfd, memfd_create, pipe
from types import SimpleNamespace
from typing import Any

import pytest

from enforcer.blame.live import Where
from enforcer.blame.place import Place
from enforcer.bst.observing import events
from enforcer.bst.observing import openings as openings_module
from enforcer.bst.observing.late import Late
from enforcer.bst.observing.left_open import NOTHING_OPEN, LeftOpenSearch
from enforcer.bst.observing.left_running import NO_LEAKS, Leaks
from enforcer.bst.observing.openings import Openings, open_descriptors
from enforcer.bst.observing.starts import Starts

HERE = Place(__file__, 1, "a function that names it")
STARTED: Any = Where(Place(__file__, 1, "a function that starts a process"))
# Under another name, as these are to be left open.
leave_open: Any = open
SAID = {"acme", "tmp", "lock"}
"""The words in the code of the job's plugins."""
MAKERS: Any = SimpleNamespace(running=lambda frame: None, starts=lambda thread, frame: None)


class Kept:
    """Something that is closed when its object goes."""

    def __init__(self, kept: Any) -> None:
        self._kept = kept

    def close(self) -> None:
        del self._kept


class Watched:
    """A job that the functions of this file run in, as a plugin's."""

    def __init__(self, files: frozenset[str] = frozenset({__file__})) -> None:
        events.listen()
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
            lambda name: HERE if name == named else None, os.path.basename, SAID.__contains__,
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


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_that_a_thread_lets_go_of_which_is_about_to_end_is_closed(job: Watched) -> None:
    held: list[Any] = []

    def let_go(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            held.clear()

    def action(kept: list[Any]) -> None:
        circle: list[Any] = [leave_open(__file__, encoding="utf-8")]
        circle.append(circle)
        held.append(circle)

    gc.callbacks.append(let_go)
    try:
        assert job.left(action) == []
    finally:
        gc.callbacks.remove(let_go)


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
            SAID.__contains__,
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


def test_what_python_does_not_tell_of_is_named_by_the_kernel_and_found_where_it_was_made(job: Watched) -> None:
    assert job.left(lambda kept: kept.extend(os.pipe())) == [("pipe", "<lambda>")]
    assert job.left(lambda kept: kept.append(os.memfd_create("x"))) == [("memfd", "<lambda>")]
    assert job.left(lambda kept: kept.append(os.eventfd(0))) == [("eventfd", "<lambda>")]
    assert job.left(lambda kept: kept.append(os.pidfd_open(os.getpid()))) == [("pidfd", "<lambda>")]
    assert job.left(lambda kept: kept.extend(os.openpty())) == [("pseudo-terminal", "<lambda>")]


def test_what_is_made_by_a_function_that_was_taken_before_is_found_in_the_code(job: Watched) -> None:
    assert job.left(lambda kept: kept.extend(pipe()), named="pipe") == [("pipe", HERE.function)]
    assert job.left(lambda kept: kept.append(memfd_create("x")), named="memfd_create") == [("memfd", HERE.function)]
    assert job.left(lambda kept: kept.append(select.epoll()), named="epoll") == [("epoll", HERE.function)]


def test_a_copy_was_made_where_it_was_copied(job: Watched) -> None:
    def copies(kept: list[Any], make: Callable[[int], Any]) -> None:
        with leave_open(__file__, "rb") as file:
            kept.append(make(file.fileno()))

    def copied(number: int) -> Any:
        return os.dup(number)

    def mapped(number: int) -> Any:
        return mmap.mmap(number, 0, prot=mmap.PROT_READ)

    def controlled(number: int) -> Any:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 60)

    def put(number: int) -> Any:
        return os.dup2(number, 61)

    for make in (copied, mapped, controlled, put):
        assert job.left(lambda kept, make=make: copies(kept, make)) == [("test_left_open.py", make.__name__)]
    assert job.left(lambda kept: copies(kept, dup), named="dup") == [("test_left_open.py", HERE.function)]
    assert job.left(lambda kept: kept.append(os.dup(1))) == [("copy of a standard stream", "<lambda>")]


def test_of_several_openings_of_one_file_the_one_counts_that_is_left(job: Watched) -> None:
    def opens_again(kept: list[Any]) -> None:
        opens(kept)
        leave_open(__file__, encoding="utf-8").close()

    assert job.left(opens_again) == [("test_left_open.py", "opens")]


def test_a_directory_is_left_where_it_was_listed(job: Watched) -> None:
    def lists(kept: list[Any]) -> None:
        kept.append(os.scandir(os.path.dirname(__file__)))

    assert job.left(lists) == [("observing", "lists")]


def test_what_multiprocessing_keeps_for_itself_is_not_the_plugins(job: Watched) -> None:
    def shares(kept: list[Any]) -> None:
        for method in multiprocessing.get_all_start_methods():
            context = multiprocessing.get_context(method)
            context.Value("i", 0)
            context.Array("i", 5_000)
        multiprocessing.util.get_temp_dir()

    assert job.left(shares) == []
    # What a plugin makes of the same classes is its own.
    assert job.left(lambda kept: kept.append(Kept(heap.Arena(4096)))) == [("pym-*", "<lambda>")]


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
        poll, wake = select.epoll(), eventfd(0)
        poll.register(wake)
        kept += [poll, wake]

    assert job.left(as_grpc_does) == []
    for name in ("epoll", "eventfd"):
        assert job.left(as_grpc_does, named=name) == []


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


def test_no_name_has_what_is_another_one_in_each_run(job: Watched) -> None:
    def opened(name: str) -> list[tuple[str, str | None]]:
        path = os.path.join(tempfile.gettempdir(), name)
        with contextlib.ExitStack() as stack:
            stack.callback(os.unlink, path)
            return job.left(lambda kept: kept.append(leave_open(path, "w", encoding="utf-8")))

    names = [f"acme-{make()}.lock" for make in (uuid.uuid4, secrets.token_hex, secrets.token_urlsafe, os.getpid)]
    names += [f"acme{os.getpid()}.lock", f"acme-{''.join(random.sample(string.ascii_lowercase, 6))}.lock"]
    assert [opened(name) for name in names] == [
        *[[("acme-*.lock", "<lambda>")]] * 4,
        [("acme*.lock", "<lambda>")],
        [("acme-*.lock", "<lambda>")],
    ]
    assert opened(os.path.basename(tempfile.mktemp())) == [("tmp*", "<lambda>")]
    assert opened("acme.lock") == [("acme.lock", "<lambda>")]


def test_shared_memory_has_one_name_in_all_runs_and_its_line(job: Watched) -> None:
    def shares(kept: list[Any]) -> None:
        memory = shared_memory.SharedMemory(create=True, size=8)
        memory.unlink()
        kept.append(memory)

    assert job.left(shares) == [("/dev/shm/psm_*", "shares")]


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
    assert (job.openings.files, events._listeners) == ({}, {})


def test_a_failure_of_ours_breaks_no_opening(job: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job.openings, "_opening", lambda frame: 1 / 0)
    assert job.left(opens) == [("test_left_open.py", None)]
