"""State of the process that Python fills itself when it is first asked: read as if it had not been filled."""

from __future__ import annotations

import asyncio
import atexit
import logging
import mimetypes
import multiprocessing.context
import ssl
import sys
import tempfile
import types
import urllib.request
import weakref
from collections.abc import Callable, Iterable
from os import W_OK, X_OK, access
from signal import ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, getitimer, setitimer
from typing import Any

from enforcer.graph.equal import equal_plain
from enforcer.graph.kinds import Probe
from enforcer.graph.some_entries import CURRENT_DICT, Current
from enforcer.graph.unit import Cell
from enforcer.graph.values import same, vars_of

DEFAULT = "what Python makes itself"

# The opener of `urlopen`.

_known_opener: tuple[Any, ...] = ()


def opener() -> Any:
    """The opener that was installed; of one that `urlopen` itself makes, that it did."""
    global _known_opener
    now = vars(urllib.request)["_opener"]
    if now is None:
        return DEFAULT
    if type(now) is not urllib.request.OpenerDirector:
        return now
    parts = (now, *_listed(now, "handlers"), *_listed(now, "addheaders"))
    if len(parts) != len(_known_opener) or not all(a is b for a, b in zip(parts, _known_opener, strict=True)):
        if not _is_stock_opener(now):
            return now
        _known_opener = parts
    return DEFAULT


def _listed(obj: Any, name: str) -> list[Any]:
    value = vars_of(obj).get(name)
    return list(value) if type(value) is list else [value]


def _is_stock_opener(now: Any) -> bool:
    """Whether `urlopen` would make this one again."""
    try:
        made = urllib.request.build_opener()
    except Exception:  # what it asks was replaced
        return False
    ours, theirs = _listed(made, "handlers"), _listed(now, "handlers")
    if len(ours) != len(theirs) or not same(tuple(made.addheaders), tuple(_listed(now, "addheaders"))):
        return False
    return all(type(a) is type(b) and _like(vars_of(a), vars_of(b)) for a, b in zip(ours, theirs, strict=True))


def _like(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return ours.keys() == theirs.keys() and all(_alike(ours[name], theirs[name]) for name in ours)


def _alike(ours: Any, theirs: Any) -> bool:
    kind = type(ours)
    if kind is not type(theirs):
        return False
    if kind is ssl.SSLContext:
        return all(getattr(ours, name) == getattr(theirs, name) for name in _CONTEXT_FIELDS)
    if kind is types.FunctionType:
        return ours.__code__ is theirs.__code__
    return kind is urllib.request.OpenerDirector or kind.__module__ == "urllib.request" or equal_plain(ours, theirs)


_CONTEXT_FIELDS = ("verify_mode", "check_hostname", "options", "verify_flags", "protocol")


def set_opener(value: Any) -> None:
    """Put it back; Python makes its own anew."""
    urllib.request._opener = None if value == DEFAULT else value  # type: ignore[attr-defined]


# The handler that `logging.warning()` gives the root logger, if it has none.


def root_handlers() -> Any:
    """The root logger's handlers, without the one that the logging module adds when it has none."""
    handlers = vars_of(logging.root)["handlers"]
    if type(handlers) is list and len(handlers) == 1 and _is_basic(handlers[0]):
        return []
    return handlers


def _is_basic(handler: Any) -> bool:
    if type(handler) is not logging.StreamHandler:
        return False
    space = vars_of(handler)
    formatter = space.get("formatter")
    if type(formatter) is not logging.Formatter or space.get("filters") or space.get("level") != logging.NOTSET:
        return False
    plain = space.get("stream") is sys.stderr and vars_of(formatter).get("datefmt") is None
    return plain and vars_of(formatter).get("_fmt") == logging.BASIC_FORMAT


# The folder for temporary files.


class TempDir:
    """`tempfile.tempdir`, which Python sets when it is first asked."""

    def __init__(self) -> None:
        self._first = tempfile.tempdir

    def read(self) -> Any:
        """The folder; as long as Python itself would choose it, as it was at first."""
        now = vars(tempfile)["tempdir"]
        if self._first is None and type(now) is str and now == _first_usable():
            return None
        return now


def _first_usable() -> str | None:
    candidates: list[str] = tempfile._candidate_tempdir_list()  # type: ignore[attr-defined]
    return next((folder for folder in candidates if access(folder, W_OK | X_OK)), None)


def set_tempdir(value: Any) -> None:
    """Put it back."""
    tempfile.tempdir = value


# Types of files.

_MIME = ("types_map", "common_types", "suffix_map", "encodings_map")


def mime_tables() -> Iterable[Cell]:
    """The tables, read from the system's files first, as Python would when it is first asked."""
    if not mimetypes.inited:
        mimetypes.init()
    for name in _MIME:
        current = Current(_mime_table(name), by_imports=True)
        yield Cell(CURRENT_DICT, current, None, f"mimetypes.{name}")


def _mime_table(name: str) -> Callable[[], Any]:
    space = vars(mimetypes)
    return lambda: space[name]


# Event loops and processes.


class EventLoopPolicy:
    """The policy that was set; of Python's own, that it is. The loops of all threads are in the object itself."""

    def __init__(self) -> None:
        self._default: Any = None

    def read(self) -> Any:
        """As if Python had not made its own yet."""
        now = vars(asyncio.events)["_event_loop_policy"]
        if now is not None and type(now) is not asyncio.DefaultEventLoopPolicy:
            return now
        self._default = now
        return DEFAULT

    def write(self, value: Any) -> None:
        """Put it back; Python's own as it was when it was last there."""
        asyncio.events._event_loop_policy = self._default if value == DEFAULT else value  # type: ignore[attr-defined]


LOOP_POLICY = EventLoopPolicy()


def start_method() -> Any:
    """The start method that was set; of Python's own choice, that it is."""
    default = multiprocessing.context._default_context
    now = vars_of(default).get("_actual_context")
    if now is None or now is vars_of(default).get("_default_context"):
        return DEFAULT
    return vars(type(now)).get("_name")


def set_start_method(value: Any) -> None:
    """Put it back."""
    default: Any = multiprocessing.context._default_context
    default._actual_context = None if value == DEFAULT else multiprocessing.get_context(value)


# Timers.


class Timers:
    """Whether a timer runs that a job has started; one that ran before is somebody else's, and may end."""

    def __init__(self) -> None:
        self._others: set[int] = {which for which in _TIMERS if any(getitimer(which))}

    def read(self) -> str:
        """In words."""
        running = [name for which, name in _TIMERS.items() if which not in self._others and any(getitimer(which))]
        return ", ".join(running) or "none runs"


def stop_timers(value: str) -> None:
    """Stop them."""
    for which, name in _TIMERS.items():
        if name not in value and any(getitimer(which)):
            setitimer(which, 0)


_TIMERS = {ITIMER_REAL: "ITIMER_REAL", ITIMER_VIRTUAL: "ITIMER_VIRTUAL", ITIMER_PROF: "ITIMER_PROF"}


# What runs when Python ends.


class AtExit(Probe):
    """How much is registered; what modules register when they are first imported is no change."""

    __slots__ = ()

    def __init__(self) -> None:
        weakref.finalize(self._nothing, self._nothing).detach()  # the first one registers
        super().__init__("atexit.register()", atexit._ncallbacks, None)

    @staticmethod
    def _nothing() -> None:
        return None
