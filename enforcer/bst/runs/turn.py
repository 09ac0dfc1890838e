"""The backend `threads`: stock BuildStream's executor threads, which take turns.

Nothing isolates jobs in one process, so one job at a time may act, first come first served. The
turn is taken in the job's thread and released by the main thread, when the scheduling pass after
the job's completion has run.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_POLL = 0.5
"""Seconds between two looks at whether waiting still makes sense."""


class Turn:
    """A lock with a queue. The holder is any object, so that a second release is harmless."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()
        self._holder: object | None = None

    def acquire(self, holder: object, abandoned: Callable[[], bool]) -> bool:
        """Wait until it is `holder`'s turn; False when `abandoned()` says that nobody will release it any more."""
        with self._changed:
            self._waiting.append(holder)
            try:
                while self._holder is not None or self._waiting[0] is not holder:
                    if abandoned():
                        return False
                    self._changed.wait(_POLL)
            finally:
                self._waiting.remove(holder)
                self._changed.notify_all()
            self._holder = holder
            return True

    def release(self, holder: object) -> None:
        """End the turn, if it is `holder`'s."""
        with self._changed:
            if self._holder is holder:
                self._holder = None
                self._changed.notify_all()
