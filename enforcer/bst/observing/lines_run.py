"""Which lines and methods of plugins one job runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

from enforcer.blame.lines import Follower, line_events
from enforcer.bst.observing.plugin_code import PluginCodes, lines_of
from enforcer.results.plugin_coverage import Ran


class RunningCode(Follower):
    """See `enforcer.blame.lines.Follower`.

    Attributes:
        files: the names of the files of which lines are noted.
        trouble: why nothing was noted, if so.
    """

    def __init__(self, codes: PluginCodes) -> None:
        self.files: Collection[str] = codes.files
        self.trouble: str | None = None
        self._codes = codes
        self._lines: set[tuple[str, int]] = set()
        self._called: set[tuple[str, str]] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what runs in the time of the block, in this thread and in those that it starts."""
        events = line_events(self, None)
        reason = events.start(None)
        self.trouble = reason and f"which plugin code ran in some job is not known: {reason}"
        try:
            yield
        finally:
            events.stop()

    def step(self, frame: FrameType) -> None:
        """A function begins, goes on, or comes to a line."""
        code, line = frame.f_code, frame.f_lineno
        if line != code.co_firstlineno:
            self._lines.add((code.co_filename, line))
            return
        # It begins. Its head may be a line of what it is defined in, which need not run now.
        if lines_of(code) == {line}:
            self._lines.add((code.co_filename, line))
        if self._codes.is_method(code):
            self._note_call(code, frame)

    def _note_call(self, code: CodeType, frame: FrameType) -> None:
        if code.co_argcount:
            called = self._codes.method(code, type(frame.f_locals.get(code.co_varnames[0])))
            if called is not None:
                self._called.add(called)

    def has_run(self, file: str, lines: Iterable[int]) -> bool:
        """Whether any of these lines of the file ran."""
        return any((file, line) in self._lines for line in lines)

    def ran(self) -> dict[str, Ran]:
        """What ran, by the keys of plugin code."""
        found: dict[str, Ran] = {}
        for file, line in self._lines.copy():  # a thread that the job left behind may still run
            key = self._codes.keys.get(file, {}).get(line)
            if key is not None:
                found.setdefault(key, Ran()).lines.add(line)
        for key, name in self._called.copy():
            found.setdefault(key, Ran()).methods.add(name)
        return found
