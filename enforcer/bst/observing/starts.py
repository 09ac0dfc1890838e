"""Which line of plugin code started a thread or a child process, noted while a job's action runs."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from enforcer.blame.live import Where
from enforcer.blame.place import plugin_place
from enforcer.bst import patches
from enforcer.bst.observing.makers import Makers
from enforcer.graph.values import vars_of

_STARTING: tuple[tuple[type, str, Callable[[Any], int | None]], ...] = (
    (threading.Thread, "start", lambda thread: vars_of(thread).get("_ident")),
    (subprocess.Popen, "__init__", lambda process: vars_of(process).get("pid")),
)


class Starts:
    """What one job starts.

    Args:
        files: the names of the files of plugin code.
        makers: tells which plugin starts it.

    Attributes:
        places: the line and the plugin, by the thread's identifier or the process id.
    """

    def __init__(self, files: Collection[str], makers: Makers) -> None:
        self._files = files
        self._makers = makers
        self.places: dict[int, Where] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is started in the time of the block, by whichever thread."""
        with ExitStack() as worn:
            for cls, name, number_of in _STARTING:
                worn.callback(patches.put_on(cls, name, partial(self._noting, number_of)))
            yield

    def _noting(self, number_of: Callable[[Any], int | None], original: Any) -> Any:
        def start(started: Any, *args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe(1)
            if issubclass(type(started), threading.Thread):
                self._makers.starts(started, frame)
            result = original(started, *args, **kwargs)
            place, number = plugin_place(frame, self._files), number_of(started)
            if place is not None and number is not None:
                self.places[number] = Where(place, maker=self._makers.running(frame))
            return result

        return start
