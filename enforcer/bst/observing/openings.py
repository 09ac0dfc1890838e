"""What is opened while a job's action runs, on whose behalf, and on which line of plugin code.

Python tells of each file and socket that it opens and of each temporary file that it makes, whoever asks: a plugin may
have taken `open` from wherever it stands. It does not tell of pipes, copies and the like: the functions of `os` that
make them are wrapped while the action runs.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from fcntl import F_DUPFD, F_DUPFD_CLOEXEC
from functools import partial
from itertools import count
from os import O_CLOEXEC, O_PATH, close, eventfd, fsdecode, fstat, listdir, readlink
from os import open as open_
from os.path import abspath, realpath
from resource import RLIMIT_NOFILE, getrlimit
from sys import _getframe
from threading import get_ident, main_thread
from types import FrameType
from typing import Any, NamedTuple

from enforcer.blame.live import Where
from enforcer.blame.place import plugin_place
from enforcer.bst import patches
from enforcer.bst.observing.callers import is_plugins_doing
from enforcer.bst.observing.events import Listener, heard
from enforcer.bst.observing.makers import Makers

_MANY = 4096
"""So many openings are kept; then those of files that are closed again are forgotten."""

_MAKING = ("pipe", "pipe2", "dup", "dup2", "openpty", "memfd_create", "eventfd", "pidfd_open")
"""Functions of `os` that make descriptors of which no audit hook is told."""

_COPYING = ("dup", "dup2")


class Opening(NamedTuple):
    """One of a file or socket, or the making of a temporary file.

    Attributes:
        by_plugin: whether a plugin did it, itself or through a library.
        thread: the identifier of the thread that did.
        where: the line of plugin code, if lines are asked for.
    """

    by_plugin: bool
    thread: int
    where: Where | None


class Temporary(NamedTuple):
    """A temporary file or directory: its name with `*` for what is made up, and its making."""

    name: str
    is_directory: bool
    opening: Opening


class Numbered(NamedTuple):
    """What a plugin has opened under one number.

    Attributes:
        link: what the kernel calls that which it is open on, or the path that was asked for.
        opening: who did it.
        is_copy: whether that was open already.
    """

    link: str
    opening: Opening
    is_copy: bool = False


class Openings:
    """Those of one job.

    Args:
        files: the names of the files of plugin code.
        makers: tells which plugin runs.
        is_plugins: says of the thread that runs whether a plugin has started it.
        notes_lines: whether lines are asked for.

    Attributes:
        files: the last one of each path, by the absolute path; of plugins before that of others.
        temporary: the temporary files, the same way.
        sockets: each socket, by its object, if that is still there.
        numbered: what plugins have opened last under each number, as far as that can be told.
    """

    def __init__(
        self, files: Collection[str], makers: Makers, is_plugins: Callable[[], bool], notes_lines: bool
    ) -> None:
        self._files = files
        self._makers = makers
        self._is_plugins = is_plugins
        self._notes_lines = notes_lines
        self._main = main_thread().ident
        self.files: dict[str, Opening] = {}
        self.temporary: dict[str, Temporary] = {}
        self.sockets: list[tuple[weakref.ref[Any], Opening]] = []
        self.numbered: dict[int, Numbered] = {}
        self._listeners: dict[str, Listener] = {
            "open": self.file,
            "os.scandir": self.directory,
            "mmap.__new__": self.memory,
            "fcntl.fcntl": self.control,
            "sqlite3.connect": self.file,
            "socket.__new__": self.socket,
            "tempfile.mkstemp": self.temporary_file,
            "tempfile.mkdtemp": self.temporary_directory,
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is opened in the time of the block, by whichever thread."""
        with ExitStack() as worn:
            for name in _MAKING:
                worn.callback(patches.put_on(os, name, partial(self._noting, name), gives_way=True))
            worn.enter_context(heard(self._listeners))
            yield

    def _noting(self, name: str, original: Any) -> Any:
        def make(*given: Any, **named: Any) -> Any:
            made = original(*given, **named)
            self._note_made(_getframe(1), made if type(made) is tuple else (made,), name in _COPYING)
            return made

        return make

    def _note_made(self, frame: FrameType, numbers: tuple[int, ...], is_copy: bool) -> None:
        opening = self._opening(frame)
        if opening.by_plugin:
            for number, link in links(numbers).items():
                self.numbered[number] = Numbered(link, opening, is_copy)

    def file(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """A file is opened, or a database in one."""
        path = args[0]
        if type(path) is bytes:
            path = fsdecode(path)
        if type(path) is not str:
            return
        if len(self.files) >= _MANY:
            self._forget_closed()
        opening, path = self._opening(frame), abspath(path)
        if opening.by_plugin or path not in self.files or not self.files[path].by_plugin:
            self.files[path] = opening
        if opening.by_plugin and (number := _lowest_free()) is not None:
            self.numbered[number] = Numbered(path, opening)

    def directory(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """The entries of a directory are to be listed one by one."""
        if type(args[0]) is int:
            self._copy(frame, args[0], 0)
        else:
            self.file(frame, ("." if args[0] is None else args[0],))

    def memory(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """A file is mapped into memory: what was mapped has a copy of its descriptor."""
        self._copy(frame, args[0], 0)

    def control(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """Something is done to a descriptor."""
        number, command, least = args
        if command in (F_DUPFD, F_DUPFD_CLOEXEC):
            self._copy(frame, number, least)

    def _copy(self, frame: FrameType, of: Any, least: Any) -> None:
        """A copy of this descriptor is about to be made, with the lowest number that is free and not below `least`."""
        opening = self._opening(frame)
        if opening.by_plugin and (number := _lowest_free(least)) is not None:
            for link in links([of]).values():
                self.numbered[number] = Numbered(link, opening, is_copy=True)

    def _forget_closed(self) -> None:
        still = set(map(realpath, links(open_descriptors()).values()))
        self.files = {path: opening for path, opening in self.files.items() if realpath(path) in still}
        if len(self.files) >= _MANY:
            self.files.clear()

    def socket(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """A socket is made."""
        if len(self.sockets) >= _MANY:
            self.sockets = [(ref, opening) for ref, opening in self.sockets if ref() is not None or opening.by_plugin]
        try:
            self.sockets.append((weakref.ref(args[0]), self._opening(frame)))
        except TypeError:  # of the class below that of Python's module `socket`
            return

    def temporary_file(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """A temporary file is made."""
        self._temporary(frame, args[0], "pre", "suf", False)

    def temporary_directory(self, frame: FrameType, args: tuple[Any, ...]) -> None:
        """A temporary directory is made."""
        self._temporary(frame, args[0], "prefix", "suffix", True)

    def _temporary(self, frame: FrameType, path: Any, prefix: str, suffix: str, is_directory: bool) -> None:
        """`frame` runs a function of `tempfile`, whose variables say what of the name is not made up."""
        opening, parts = self._opening(frame), frame.f_locals
        if opening.by_plugin:
            before, after = (fsdecode(parts.get(name) or "") for name in (prefix, suffix))
            self.temporary[abspath(fsdecode(path))] = Temporary(f"{before}*{after}", is_directory, opening)

    def _opening(self, frame: FrameType) -> Opening:
        here = get_ident()
        told = False if here == self._main else is_plugins_doing(frame, self._files)
        by_plugin = self._is_plugins() if told is None else told
        place = plugin_place(frame, self._files) if by_plugin and self._notes_lines else None
        return Opening(by_plugin, here, None if place is None else Where(place, maker=self._makers.running(frame)))


def open_descriptors() -> frozenset[int]:
    """The numbers of this process's open descriptors."""
    try:
        listed = frozenset(map(int, listdir("/proc/self/fd")))
    except OSError:  # none is free for looking
        return frozenset(filter(_is_open, range(getrlimit(RLIMIT_NOFILE)[0])))
    # The one that was needed to look has the lowest number that is free, as the next one has.
    close(lowest := open_("/", O_PATH | O_CLOEXEC))
    return listed - {lowest}


def _lowest_free(least: int = 0) -> int | None:
    """The number that the next descriptor gets; None where no other is free."""
    if least:
        return next(number for number in count(least) if not _is_open(number))
    try:
        close(number := eventfd(0))
    except OSError:
        return None
    return number


def _is_open(descriptor: int) -> bool:
    try:
        fstat(descriptor)
    except OSError:
        return False
    return True


def links(descriptors: Collection[int]) -> dict[int, str]:
    """What the kernel calls that which each of these is open on; those that are closed are left out."""
    found = {}
    for descriptor in descriptors:
        try:
            found[descriptor] = readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
    return found
