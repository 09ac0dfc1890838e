"""How long a worker has for what it was asked to do, and what follows."""

from __future__ import annotations

import signal

from enforcer.processes import linux

_LAST_CHANCE = 5.0
"""Seconds between SIGTERM and SIGKILL, and that a worker which retires has at least once somebody listens."""

LOOK = 0.5
"""Seconds between two looks at a deadline."""


class Deadline:
    """The time that a worker has: `grace` seconds from when it was asked, then a signal, then SIGKILL.

    All seconds are those of `clock`, which stands still while the run is suspended. `enforce` may be called by another
    thread than the one that asks what is due.
    """

    def __init__(self, clock: linux.Clock, grace: float) -> None:
        self.grace = grace
        self.forced: signal.Signals | None = None
        """With what it was ended last, because it did not do as it was told in time."""
        self._clock = clock
        self._asked = 0.0
        self._due: float | None = None
        self._next = signal.SIGKILL

    @property
    def is_set(self) -> bool:
        """Whether anything is to follow."""
        return self._due is not None

    def ask(self) -> None:
        """The time that it has begins now."""
        self._asked = self._clock.now()

    def enforce(self, first: signal.Signals) -> None:
        """Let signals follow, `first` first, when its time is over."""
        self._next = first  # before `_due`: from then on it may be taken
        self._due = self._asked + self.grace

    def enforce_last(self) -> None:
        """Let SIGKILL follow, but not soon: it may have waited for somebody to listen."""
        self._next = signal.SIGKILL
        self._due = max(self._asked + self.grace, self._clock.now() + _LAST_CHANCE)

    def cancel(self) -> None:
        """It has done what it was asked to do."""
        self._asked = 0.0
        self._due = self.forced = None

    def left(self) -> float | None:
        """Seconds until the next signal is due, negative when it is overdue; None when none is to follow."""
        return None if self._due is None else self._due - self._clock.now()

    def take_due(self) -> signal.Signals | None:
        """The signal that is due now, if one is; the next is due after the last chance."""
        if self._due is None or self._clock.now() < self._due:
            return None
        self.forced, self._next = self._next, signal.SIGKILL
        self._due = self._clock.now() + _LAST_CHANCE
        return self.forced
