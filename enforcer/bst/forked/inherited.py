"""Make BuildStream work in a forked process: what it inherits from its parent and must not use is replaced.

That is the state of objects and of Python's own modules, put right once and until the process ends: no patches as in
`enforcer.bst.patches`, which come off.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing import forkserver
from types import FunctionType
from typing import Any

from buildstream import _signals
from buildstream._assetcache import AssetCache
from buildstream.element import Element
from buildstream.plugin import Plugin
from buildstream.source import Source

from enforcer.graph.values import class_dict, class_mro, is_one_of
from enforcer.processes import linux

_CASD_CONNECTIONS = (
    *("_casd_channel", "_bytestream", "_casd_cas", "_local_cas", "_asset_fetch", "_asset_push"),
    *("_exec_service", "_operations_service", "_ac_service"),
)
_for_life = ExitStack()
"""What a worker's main thread holds until the process ends."""


def reset(context: Any) -> None:
    """In the pristine process: let go of the parent's loop and connections."""
    asyncio.set_event_loop(None)
    sys.excepthook = sys.__excepthook__
    _reset_connections(context)
    _signals.terminator_stack.clear()
    _signals.suspendable_stack.clear()
    if forkserver._forkserver._forkserver_address is not None:  # type: ignore[attr-defined]
        # It is the parent's child: it can be asked for processes, but not waited for.
        forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]


def _reset_connections(context: Any) -> None:
    """gRPC channels end at the fork; whoever needs one opens its own."""
    attributes = vars(context)
    casd = attributes.get("_casd")
    if casd is not None:
        casd._lock = threading.Lock()
        for name in _CASD_CONNECTIONS:
            if hasattr(casd, name):
                setattr(casd, name, None)
    for cache in attributes.values():
        if isinstance(cache, AssetCache):
            for pair in cache._remotes.values():
                for remote in (pair.index, pair.storage):
                    if remote is not None:
                        remote._lock = threading.Lock()
                        remote._initialized = False


def handle_signals(ending: Callable[[], None]) -> None:
    """In a worker, on its main thread, as the scheduler does: lay the ground for what jobs push from theirs.

    `ending` is called when SIGTERM comes, before anything is taken from the job that runs.
    """
    _for_life.enter_context(_signals.suspendable(lambda: None, lambda: None))
    _for_life.enter_context(_signals.terminator(lambda: None))
    signal.signal(signal.SIGTSTP, _Suspension())

    def terminate(number: int, frame: Any) -> None:
        # A job that goes on until the process is gone finds that its own handlers have been called, and calls it a bug.
        ending()
        _signals.terminator_handler(number, frame)

    signal.signal(signal.SIGTERM, terminate)


class _Suspension:
    """BuildStream's handler of SIGTSTP, for signals that come close together: it holds a lock while it is stopped."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self, number: int, frame: Any) -> None:
        self._asked += 1
        if self._asked > 1:
            return
        while self._asked:
            _signals.suspend_handler(number, frame)
            self._asked -= 1


def start_forkserver(plugins: list[Any]) -> None:
    """In the parent, before the fork: start what `Plugin.blocking_activity` needs, if a plugin may call it."""
    if any(_mentions(cls, "blocking_activity") for cls in map(type, plugins)):
        forkserver.ensure_running()


def served() -> set[int]:
    """In the parent: the processes that Python's fork server has made, for whomever, and that have not ended."""
    server = getattr(forkserver._forkserver, "_forkserver_pid", None)
    return set() if server is None else set(linux.children(server))


def end_served(spared: set[int]) -> None:
    """In the parent, when no worker is left: end what jobs had made and left. They are no worker's descendants."""
    for pid in served() - spared:
        linux.kill_tree(pid)


def _mentions(cls: type, name: str) -> bool:
    own = [base for base in class_mro(cls) if not is_one_of(base, (Plugin, Element, Source, object))]
    members = (value for base in own for value in class_dict(base).values())
    return any(name in value.__code__.co_names for value in members if type(value) is FunctionType)
