"""First come, first served, under a lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class WaitingLine:
    """Threads that wait for their turn, the longest first. Every call is made while holding the lock."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._places: list[threading.Condition] = []

    def __len__(self) -> int:
        """How many wait."""
        return len(self._places)

    @contextmanager
    def place(self) -> Iterator[threading.Condition]:
        """The last place, until the context ends: its holder waits on it, and is notified only when it is first."""
        place = threading.Condition(self._lock)
        self._places.append(place)
        try:
            yield place
        finally:
            self._places.remove(place)
            self.call_first()  # what the one before was not called for may do for the next

    def is_first(self, place: threading.Condition) -> bool:
        """Whether it is this one's turn."""
        return self._places[0] is place

    def call_first(self) -> None:
        """Something has changed: let whoever is first look."""
        if self._places:
            self._places[0].notify()
