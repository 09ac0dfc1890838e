"""Silence for plugin code that runs at our wish, and would not run in a stock build."""

from __future__ import annotations

import functools
import logging
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from threading import get_ident
from typing import Any, TextIO

from enforcer.bst import patches

_silent: set[int] = set()
"""The threads of which nothing is to be heard."""

_SAYING: tuple[tuple[Any, str], ...] = ((logging.Logger, "handle"), (warnings, "_showwarnmsg"))


def unless_silent(original: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but that it does nothing in a silent thread."""

    @functools.wraps(original)
    def say(*args: Any, **kwargs: Any) -> Any:
        return None if get_ident() in _silent else original(*args, **kwargs)

    return say


@contextmanager
def silence(modules: Iterable[types.ModuleType]) -> Iterator[None]:
    """Let nothing be heard of what the calling thread says in the block, and its warnings count as never given.

    Messages of BuildStream, prints, log records and warnings; not what goes past Python's streams. `modules` are those
    that may warn.
    """
    ident = get_ident()
    with ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8", errors="surrogateescape"))
        for owner, name in _SAYING:
            stack.callback(patches.put_on(owner, name, unless_silent))
        for name in ("stdout", "stderr"):
            stack.enter_context(_stream_elsewhere(name, nowhere))
        for space, name in [*((vars(module), "__warningregistry__") for module in modules), _ONCE]:
            stack.enter_context(_as_it_was(space, name))
        _silent.add(ident)
        stack.callback(_silent.discard, ident)
        yield


_ONCE = (vars(warnings), "onceregistry")


@contextmanager
def _stream_elsewhere(name: str, nowhere: TextIO) -> Iterator[None]:
    before = getattr(sys, name)
    ours = _Stream(before, nowhere)
    setattr(sys, name, ours)
    try:
        yield
    finally:
        if getattr(sys, name) is ours:
            setattr(sys, name, before)


class _Stream:
    """A standard stream, which is another one for silent threads."""

    def __init__(self, stream: Any, nowhere: TextIO) -> None:
        self._stream = stream
        self._nowhere = nowhere

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nowhere if get_ident() in _silent else self._stream, name)


@contextmanager
def _as_it_was(space: dict[str, Any], name: str) -> Iterator[None]:
    """Put a dictionary that stands under `name` back to what it holds, once the block is over."""
    found = space.get(name)
    held = dict(found) if type(found) is dict else None
    try:
        yield
    finally:
        if found is None:
            space.pop(name, None)
        elif held is not None:
            found.clear()
            found.update(held)
