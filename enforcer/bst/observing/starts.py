"""Which line of plugin code started a thread or a child process, noted while a job's action runs."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from enforcer.blame.place import Place, plugin_place

_STARTING: tuple[tuple[type, str, Callable[[Any], int | None]], ...] = (
    (threading.Thread, "start", lambda thread: thread.ident),
    (subprocess.Popen, "__init__", lambda process: process.pid),
)


class Starts:
    """What one job starts.

    Args:
        files: the names of the files of plugin code.

    Attributes:
        places: the line, by the thread's identifier or the process id.
    """

    def __init__(self, files: Collection[str]) -> None:
        self._files = files
        self.places: dict[int, Place] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is started in the time of the block, by whichever thread."""
        originals = [vars(cls)[name] for cls, name, _ in _STARTING]
        for (cls, name, number_of), original in zip(_STARTING, originals, strict=True):
            setattr(cls, name, self._noting(original, number_of))
        try:
            yield
        finally:
            for (cls, name, _), original in zip(_STARTING, originals, strict=True):
                setattr(cls, name, original)

    def _noting(self, original: Any, number_of: Callable[[Any], int | None]) -> Any:
        def start(started: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(started, *args, **kwargs)
            place, number = plugin_place(sys._getframe(1), self._files), number_of(started)
            if place is not None and number is not None:
                self.places[number] = place
            return result

        return start
