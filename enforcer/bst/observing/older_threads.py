"""Threads that no job has started: a plugin may have, while elements were loaded."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from sys import _current_frames
from threading import get_ident, main_thread

from enforcer.bst.elements.core_code import in_package
from enforcer.bst.observing.left_running import SeenThread, module_run_by, thread_of
from enforcer.graph.values import vars_of

_CORES = ("buildstream", "enforcer", "grpc")
"""The packages that start threads on nobody's behalf."""


class OlderThreads:
    """Threads beside those of jobs, the core's and the enforcer's.

    Args:
        before_plugins: those that ran before any plugin was loaded.
    """

    def __init__(self, before_plugins: Iterable[SeenThread]) -> None:
        self._before_plugins = tuple(before_plugins)

    def run(self, now: frozenset[int], late: Collection[int], executor: object) -> bool:
        """Whether one is among the threads that run `now`, by identifiers.

        Those that jobs have left (`late`) are known to be theirs, and those of the scheduler's `executor` run jobs.
        """
        known = {get_ident(), main_thread().ident, *late}
        known.update(seen.ident for seen in self._before_plugins if seen.runs(now))
        return any(_may_be_plugins(ident, executor) for ident in now.difference(known))


def _may_be_plugins(ident: int, executor: object) -> bool:
    thread = thread_of(ident)
    if thread is None:
        return _was_never_of_threading(ident)
    if "_target" not in vars_of(thread):
        return False  # its function has returned
    return not (_serves(thread, executor) or in_package(module_run_by(thread), _CORES))


def _serves(thread: threading.Thread, executor: object) -> bool:
    """Whether it is one of the executor's: told by its queue, as the list of its threads lacks one that just starts."""
    queue = getattr(executor, "_work_queue", None)
    return queue is not None and any(argument is queue for argument in vars_of(thread).get("_args", ()))


def _was_never_of_threading(ident: int) -> bool:
    """Whether `threading` knows nothing of a thread because it did not start it; else it has just ended."""
    frame = _current_frames().get(ident)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename != threading.__file__
