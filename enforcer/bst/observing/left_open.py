"""Descriptors that a job leaves open, and temporary files that it leaves behind."""

from __future__ import annotations

import gc
import multiprocessing.process
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from multiprocessing import forkserver, resource_tracker
from typing import Any, NamedTuple

from enforcer.blame.live import Where
from enforcer.blame.place import Place
from enforcer.bst.observing.left_running import Leaks
from enforcer.bst.observing.made_up import without_random, without_unsaid
from enforcer.bst.observing.openings import Numbered, Opening, Openings, Temporary, links, open_descriptors
from enforcer.bst.observing.starts import Starts
from enforcer.graph.values import vars_of

_GRACE = 0.2
"""Seconds that what is about to be closed gets; spent only where something looks left."""
_POLL = 0.01

_INODE = re.compile(r"(?:anon_inode:)?\[?(\w+)\]?(?::\[\d+\])?")
_DELETED = " (deleted)"

_MAKERS = {
    "pipe": ("pipe", "pipe2", "Pipe", "Queue", "Popen"),
    "eventpoll": ("epoll", "DefaultSelector", "EpollSelector", "new_event_loop"),
    "eventfd": ("eventfd",),
    "pidfd": ("pidfd_open",),
    "inotify": ("inotify_init", "inotify_init1"),
    "timerfd": ("timerfd_create",),
    "signalfd": ("signalfd",),
    "memfd": ("memfd_create",),
    "copy": ("dup", "dup2", "fcntl", "recv_fds", "recvmsg"),
    "pty": ("openpty", "forkpty"),
}
"""By the kernel's name of what a descriptor is open on: how code names what makes it. Python does not tell of these."""

_ALSO_GRPCS = ("eventpoll", "eventfd")
"""What gRPC opens too, when it is first needed: it is a plugin's only where its code names what makes one."""

_COPY = "copy of a standard stream"

_SHOWN = {"eventpoll": "epoll"}
"""Where the kernel has another name for it than code has."""

_SHARED_LIBRARY = "libffi"
"""The name of the memory that the library of this name keeps code in."""


class LeftOpen(NamedTuple):
    """Something left, by a name that is the same in each run; `seen` says that it was seen being made in this job."""

    name: str
    where: Where
    seen: bool = True


class AllLeftOpen(NamedTuple):
    """What a job has left open, and what it has left behind."""

    descriptors: tuple[LeftOpen, ...] = ()
    temporary: tuple[LeftOpen, ...] = ()


NOTHING_OPEN = AllLeftOpen()


class LeftOpenSearch:
    """Looks for what one job leaves.

    Args:
        before: the descriptors that were open before its action.
        openings: what was opened meanwhile.
        starts: what was started.
        leaks: what is left running; what that holds is told with it.
        started: the line that started this process.
        late: identifiers of threads that earlier jobs have left.
        mention: the first line of the job's plugins that names this function.
        shown: gives the name of a file.
        says: whether this word stands in the code of the job's plugins, or its element is called by it.
    """

    def __init__(
        self,
        before: frozenset[int],
        openings: Openings,
        starts: Starts,
        leaks: Leaks,
        started: Callable[[int], Where | None],
        late: Collection[int],
        mention: Callable[[str], Place | None],
        shown: Callable[[str], str],
        says: Callable[[str], bool],
    ) -> None:
        self._before = before
        self._openings = openings
        self._starts = starts
        self._leaks = leaks
        self._started = started
        self._late = late
        self._mention = mention
        self._shown = shown
        self._says = says

    def look(self) -> AllLeftOpen:
        """All that is left once nobody holds it any more but on purpose."""
        if self._now() == NOTHING_OPEN:
            return NOTHING_OPEN
        # What is only held by objects that hold each other is closed when Python next looks for these.
        gc.collect()
        deadline = time.monotonic() + _GRACE
        while self._now() != NOTHING_OPEN and time.monotonic() < deadline:
            time.sleep(_POLL)
        # A thread that has ended meanwhile may have held them.
        gc.collect()
        return self._now()

    def _now(self) -> AllLeftOpen:
        new = links(open_descriptors() - self._before)
        for number in _pythons_own(new):
            del new[number]
        return AllLeftOpen(_each_once(self._descriptors(new)), _each_once(self._temporary(set(new.values()))))

    # Descriptors.

    def _descriptors(self, new: dict[int, str]) -> Iterator[LeftOpen]:
        sockets = self._sockets(new)
        of_plugins = {number for number, opening in sockets.items() if self._counts(opening)}
        for number, link in new.items():
            left = None
            if link.startswith("/") and not link.startswith("/memfd:"):
                left = self._file(number, link)
            elif link.startswith("socket:"):
                left = self._socket(number, sockets)
            elif not self._goes_with_others(socket=link.startswith("pipe:")):
                left = self._without_name(number, link, new, of_plugins)
            if left is not None:
                yield left

    def _socket(self, number: int, sockets: dict[int, Opening]) -> LeftOpen | None:
        opening = sockets[number] if number in sockets else self._taken_out(number)
        if opening is None or not self._counts(opening) or self._goes_with_others(socket=True):
            return None
        return LeftOpen("socket", opening.where or Where(None))

    def _sockets(self, new: dict[int, str]) -> dict[int, Opening]:
        """Who has opened those that are there as objects, or copies of which a plugin was seen making."""
        copies = {number: made.opening for number, link in new.items() if (made := self._made(number, link))}
        objects = {_number(each): opening for ref, opening in self._openings.sockets if (each := ref()) is not None}
        return copies | objects

    def _made(self, number: int, link: str) -> Numbered | None:
        """What a plugin was seen opening under this number, if that is what is open."""
        made, path = self._openings.numbered.get(number), link.removesuffix(_DELETED)
        if made is None or made.link == link or made.link == path or _is_nameless_in(made.link, link):
            return made
        return made if link.startswith("/") and _is_open_on(number, made.link) else None

    def _taken_out(self, number: int) -> Opening | None:
        """The opening of a socket of which only the descriptor is left, as of both ends of `multiprocessing.Pipe`."""
        if any(number in _awaited(poll) for poll in _polls()):
            return None  # by gRPC, which opens sockets that Python does not tell of
        gone = [opening for ref, opening in self._openings.sockets if ref() is None and self._counts(opening)]
        return gone[-1] if gone else None

    def _counts(self, opening: Opening) -> bool:
        """Whether it is the job's plugins' doing, and not that of a thread which is left, now or by an earlier job."""
        return opening.by_plugin and opening.thread not in self._late and opening.thread not in self._leaks.threads

    def _goes_with_others(self, socket: bool) -> bool:
        """Whether it can be what a thread or process that is left waits for."""
        return bool(self._leaks.threads) or (socket and bool(self._leaks.processes))

    def _file(self, number: int, link: str) -> LeftOpen | None:
        path, made = link.removesuffix(_DELETED), self._made(number, link)
        opening = made.opening if made else self._opening_of(number, path, link)
        if opening is not None and not self._counts(opening):
            return None
        if (opening is None or (made and made.is_copy)) and self._is_standard_stream(number):
            return self._if_named("copy", _COPY, opening)
        if path.startswith(("/dev/pts/", "/dev/ptmx")):
            return self._if_named("pty", "pseudo-terminal", opening)
        if opening is None and path.startswith("/dev/") and not path.startswith("/dev/shm/"):
            return None  # a library's source of random numbers, say
        return LeftOpen(self._name(path), (opening and opening.where) or Where(None), opening is not None)

    def _opening_of(self, number: int, path: str, link: str) -> Opening | None:
        """The opening of a file under a number that nobody was seen opening it with."""
        numbered = self._openings.numbered.items()
        opening = self._opening_by_path(number, path, link)
        if opening is None:  # what was copied was opened by C code
            return next((made.opening for _, made in numbered if made.link.removesuffix(_DELETED) == path), None)
        if any(made.opening is opening for other, made in numbered if other != number):
            # Of what was opened with another number this is a copy, which was not seen being made.
            place = self._place("copy")
            return opening if place is None else opening._replace(where=Where(place))
        return opening

    def _opening_by_path(self, number: int, path: str, link: str) -> Opening | None:
        files = self._openings.files
        if path in files:
            return files[path]
        directory, name = os.path.split(path)
        if _is_nameless_in(directory, link):
            return files.get(directory)
        # By way of a link, or below a directory that was given as a descriptor.
        alike = [known for known in files if os.path.basename(known) == name]
        return next((files[known] for known in alike if _is_open_on(number, known)), None)

    def _name(self, path: str) -> str:
        temporary = self._openings.temporary.get(path)
        directory, name = os.path.split(path)
        if temporary is not None:
            return self._temporary_name(temporary)
        if name.startswith("#"):
            return "a temporary file"
        if directory == "/dev/shm":
            return os.path.join(directory, without_unsaid(name, self._says))
        if directory == os.path.realpath(tempfile.gettempdir()):
            return without_unsaid(name, self._says)
        return path if path.startswith("/dev/") else without_random(self._shown(path))

    @staticmethod
    def _temporary_name(temporary: Temporary) -> str:
        """Of its name `tempfile` has made up one part, and the plugin may have made up the others."""
        return without_random(temporary.name) + os.sep * temporary.is_directory

    @staticmethod
    def _is_standard_stream(number: int) -> bool:
        return any(_is_same(number, stream) for stream in (0, 1, 2))

    def _if_named(self, kind: str, name: str, opening: Opening | None) -> LeftOpen | None:
        """What a plugin was seen opening, or its code names what makes one of: others make these, too."""
        if opening is not None:
            return LeftOpen(name, opening.where or Where(None))
        place = self._place(kind)
        return None if place is None else LeftOpen(name, Where(place))

    def _without_name(self, number: int, link: str, new: dict[int, str], of_plugins: set[int]) -> LeftOpen | None:
        """A pipe, or what the kernel has no better name for than what it is."""
        kind = "memfd" if link.startswith("/memfd:") else _kind(link)
        if link.startswith(f"/memfd:{_SHARED_LIBRARY}"):
            return None
        if kind == "pipe" and number in self._starts.pipes:
            return LeftOpen(kind, self._started(self._starts.pipes[number]) or Where(None))
        made = self._made(number, link)
        if made is not None and not self._counts(made.opening):
            return None
        opening = made and made.opening
        if kind == "pipe" and self._is_standard_stream(number):
            return self._if_named("copy", _COPY, opening)
        where = (opening and opening.where) or Where(self._place(kind))
        is_seen = opening is not None or where.plugin is not None
        if kind in _ALSO_GRPCS and (not is_seen or self._is_grpcs(number, kind, new, of_plugins)):
            return None
        return LeftOpen(_SHOWN.get(kind, kind), where, is_seen)

    def _place(self, kind: str) -> Place | None:
        return next(filter(None, map(self._mention, _MAKERS.get(kind, ()))), None)

    @staticmethod
    def _is_grpcs(number: int, kind: str, new: dict[int, str], of_plugins: set[int]) -> bool:
        """Whether gRPC waits with this, or for this: it wakes itself by an eventfd that it waits for.

        What waits for a socket that is told already is no finding of its own either.
        """
        if kind == "eventpoll":
            awaited = _awaited(number)
            return any(_kind(new.get(each, "")) == "eventfd" or each in of_plugins for each in awaited)
        return any(number in _awaited(poll) for poll in _polls())

    # Temporary files.

    def _temporary(self, open_: set[str]) -> Iterator[LeftOpen]:
        made = self._openings.temporary
        if not made:
            return
        folder = os.path.realpath(tempfile.gettempdir())
        for path, temporary in made.items():
            in_folder = os.path.realpath(os.path.dirname(path)) == folder
            if path == _pythons_own_directory():
                continue
            if in_folder and path not in open_ and self._counts(temporary.opening) and os.path.lexists(path):
                yield LeftOpen(self._temporary_name(temporary), temporary.opening.where or Where(None))


def _each_once(found: Iterator[LeftOpen]) -> tuple[LeftOpen, ...]:
    """By name and line: two ends of a pair of sockets are one thing."""
    return tuple(sorted({(left.name, left.where.plugin): left for left in found}.values(), key=_order))


def _order(left: LeftOpen) -> tuple[str, Any]:
    return left.name, left.where.plugin or ()


def _pythons_own(new: Collection[int]) -> set[int]:
    """Which of these `multiprocessing` holds open, for its helpers and shared memory, until this process ends."""
    own = {
        getattr(resource_tracker._resource_tracker, "_fd", None),
        getattr(forkserver._forkserver, "_forkserver_alive_fd", None),
        *(vars_of(arena).get("fd") for arena in _arenas()),
    }
    numbers = {number for number in own if type(number) is int}
    # Each of its arenas is mapped, with a copy of the descriptor.
    return {number for number in new if number in numbers or any(_is_same(number, arena) for arena in numbers)}


def _arenas() -> list[Any]:
    """The blocks of shared memory that `multiprocessing` keeps for values and arrays."""
    heap = sys.modules.get("multiprocessing.heap")
    return [] if heap is None else list(heap.BufferWrapper._heap._arenas)


def _pythons_own_directory() -> str | None:
    """The temporary directory that `multiprocessing` keeps until this process ends."""
    path: str | None = multiprocessing.process._current_process._config.get("tempdir")  # type: ignore[attr-defined]
    return path


def _is_nameless_in(directory: str, link: str) -> bool:
    """Whether this is what the kernel calls a file that was made without a name in this directory."""
    found, name = os.path.split(link)
    return found == directory and name.startswith("#") and name.endswith(_DELETED)


def _number(opened: Any) -> int:
    """The descriptor of a socket, past what its class says."""
    return socket.SocketType.fileno(opened)


def _kind(link: str) -> str:
    match = _INODE.match(link)
    return match[1] if match else link


def _polls() -> list[int]:
    """Every epoll that is open."""
    return [number for number, link in links(open_descriptors()).items() if _kind(link) == "eventpoll"]


def _awaited(poll: int) -> set[int]:
    """The descriptors that an epoll waits for."""
    try:
        with open(f"/proc/self/fdinfo/{poll}", encoding="ascii") as file:
            lines = file.read().splitlines()
    except OSError:
        return set()
    return {int(line.split()[1]) for line in lines if line.startswith("tfd:")}


def _is_open_on(number: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(number), os.stat(path))
    except OSError:
        return False


def _is_same(one: int, other: int) -> bool:
    try:
        return os.path.samestat(os.fstat(one), os.fstat(other))
    except OSError:
        return False
