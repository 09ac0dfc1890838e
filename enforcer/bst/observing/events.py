"""What Python tells its audit hooks of, whoever does it and by whatever name, while a job's action runs.

Such a hook cannot be taken off again; outside of the time of an action it does nothing, and where jobs are processes no
hook is in main.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from sys import _getframe
from types import FrameType
from typing import Any

Listener = Callable[[FrameType, tuple[Any, ...]], None]
"""Gets the function that runs, and what the event says."""

_listeners: dict[str, Listener] = {}
_listening = False


def listen() -> None:
    """Have Python tell of this process's doings from now on, until it ends."""
    global _listening
    if not _listening:
        _listening = True
        sys.addaudithook(_hook)


@contextmanager
def heard(listeners: Mapping[str, Listener]) -> Iterator[None]:
    """Call these for the events of their names in the time of the block, in whichever thread."""
    _listeners.update(listeners)
    try:
        yield
    finally:
        for name in listeners:
            _listeners.pop(name, None)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # Thousands of others come in each job: each `id()` is one.
    if event not in _listeners:
        return
    try:
        _listeners[event](_getframe(1), args)
    except Exception:
        # Ours, and what is done must be.
        return
