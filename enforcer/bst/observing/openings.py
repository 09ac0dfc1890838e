"""What is opened while a job's action runs, on whose behalf, and on which line of plugin code.

Python tells its audit hooks of each file and socket that it opens and of each temporary file that it makes, whoever
asks: a plugin may have taken `open` from wherever it stands. Such a hook cannot be taken off again; outside of the time
of an action it does nothing, and where jobs are processes no hook is in main.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from os import O_CLOEXEC, O_PATH, close, fsdecode, fstat, listdir, readlink
from os import open as open_
from os.path import abspath, realpath
from resource import RLIMIT_NOFILE, getrlimit
from sys import _getframe
from threading import get_ident, main_thread
from types import FrameType
from typing import Any, NamedTuple

from enforcer.blame.live import Where
from enforcer.blame.place import plugin_place
from enforcer.bst.observing.callers import is_plugins_doing
from enforcer.bst.observing.makers import Makers

_MANY = 4096
"""So many openings are kept; then those of files that are closed again are forgotten."""


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

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is opened in the time of the block, by whichever thread."""
        global _current
        _current = self
        try:
            yield
        finally:
            _current = None

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


_current: Openings | None = None
_listening = False


def listen() -> None:
    """Have Python tell this process's openings from now on, until it ends."""
    global _listening
    if not _listening:
        _listening = True
        sys.addaudithook(_hook)


_NOTED: dict[str, Callable[[Openings, FrameType, tuple[Any, ...]], None]] = {
    "open": Openings.file,
    "sqlite3.connect": Openings.file,
    "socket.__new__": Openings.socket,
    "tempfile.mkstemp": Openings.temporary_file,
    "tempfile.mkdtemp": Openings.temporary_directory,
}
"""What notes an event of this name."""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # Thousands of others come in each job: each `id()` is one.
    if event not in _NOTED or (openings := _current) is None:
        return
    try:
        _NOTED[event](openings, _getframe(1), args)
    except Exception:
        # Ours, and what is opened must be.
        return
