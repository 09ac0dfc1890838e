"""What a job says in a worker, said again in the main process: messages, prints, log records, warnings."""

from __future__ import annotations

import io
import logging
import sys
import traceback
import warnings
from os import getpid, write
from pickle import dumps
from typing import Any

from buildstream._message import Message, MessageType
from buildstream.types import _DisplayKey

from enforcer.processes.replica import Tell


def get_ready() -> None:
    """Before workers are forked: Python notes on a class what to pickle of its objects, once in each process."""
    dumps(Message(MessageType.STATUS, "", element_key=_DisplayKey("", "", strict=True)))


class Forwarding:
    """In a worker: sends on whatever is said, in order, to where `tell` leads now.

    What goes into the file behind a standard stream at once has got there when the call returns, so that it keeps its
    place among what child processes write. Messages need not: they are too many to wait for.

    What it replaces is Python's own, and BuildStream's messenger's in one object; it never comes off, so none of it is
    among the patches of `enforcer.bst.patches`.
    """

    def __init__(self, messenger: Any) -> None:
        self.tell: Tell = lambda event, wait=False: None
        self._pid = getpid()
        messenger._message_handler = self._message
        messenger._render_status_cb = None
        logging.Logger.callHandlers = self._log_record  # type: ignore[method-assign,assignment]
        warnings.showwarning = self._warning
        sys.stdout = self._stream("stdout")
        sys.stderr = self._stream("stderr")

    def mute(self) -> None:
        """Send nothing any more: this process ends."""
        self.tell = lambda event, wait=False: None

    def say(self, event: str, *args: Any, wait: bool = True) -> None:
        """Send one event to `Replay`."""
        # Only the parent, at the other end of a socket pair, ever unpickles it.
        self.tell(dumps((event, args)), wait and self.in_worker())

    def in_worker(self) -> bool:
        """Whether this is the worker still, and not a copy that a job has forked: nobody answers that one."""
        return getpid() == self._pid

    def _message(self, message: Message, *, is_silenced: bool) -> None:
        self.say("message", message, is_silenced, wait=False)

    def _log_record(self, record: logging.LogRecord) -> None:
        # As `logging.handlers.QueueHandler` prepares records: what cannot travel is made text here.
        record.message = record.msg = record.getMessage()
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        record.exc_info = None
        self.say("log_record", record)

    def _warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: Any = None,
    ) -> None:
        try:
            self.say("warning", message, category, filename, lineno)
        except Exception:  # a warning of a class that cannot be pickled
            self.say("warning", f"{category.__name__}: {message}", UserWarning, filename, lineno)

    def _stream(self, name: str) -> io.TextIOWrapper:
        real = getattr(sys, name)
        return io.TextIOWrapper(
            _Output(self, name, real),  # type: ignore[arg-type]
            encoding="utf-8",
            errors="surrogateescape",
            line_buffering=getattr(real, "line_buffering", False),
            write_through=True,
        )


class _Output(io.RawIOBase):
    """A standard stream that is the main process's; for child processes it is the real one."""

    def __init__(self, forwarding: Forwarding, name: str, real: Any) -> None:
        self._forwarding = forwarding
        self._name = name
        self._real = real
        self._at_once = getattr(real, "write_through", False)  # python -u

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self._forwarding.in_worker():
            return write(self.fileno(), data)
        self._forwarding.say("output", self._name, bytes(data), wait=self._at_once)
        return len(data)

    def flush(self) -> None:
        if self._forwarding.in_worker():
            self._forwarding.say("flush", self._name)

    def fileno(self) -> int:
        return int(self._real.fileno())

    def isatty(self) -> bool:
        return bool(self._real.isatty())


class Replay:
    """In the main process: says again what `Forwarding` sent."""

    def __init__(self, messenger: Any) -> None:
        self._messenger = messenger
        self._registries: dict[str, dict[Any, Any]] = {}

    def say(self, name: str, args: tuple[Any, ...]) -> None:
        """Say one event."""
        getattr(self, f"say_{name}")(*args)

    def say_message(self, message: Message, is_silenced: bool) -> None:
        """Hand a message of BuildStream to its frontend."""
        self._messenger._message_handler(message, is_silenced=is_silenced)

    def say_output(self, stream: str, data: bytes) -> None:
        """Print what was printed."""
        getattr(sys, stream).write(data.decode("utf-8", "replace"))

    def say_flush(self, stream: str) -> None:
        """Have what was printed reach its file."""
        getattr(sys, stream).flush()

    def say_log_record(self, record: logging.LogRecord) -> None:
        """Hand a log record to the handlers."""
        logging.getLogger(record.name).callHandlers(record)

    def say_warning(self, message: Warning | str, category: type[Warning], filename: str, lineno: int) -> None:
        """Warn, once a place if the filters say so."""
        registry = self._registries.setdefault(filename, {})
        warnings.warn_explicit(message, category, filename, lineno, registry=registry)
