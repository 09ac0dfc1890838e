"""The log of updates: everyone takes over each of them once, in order, before it matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Reader(Protocol):
    """Who takes updates over; `position` is that of the first one that it lacks."""

    position: int


class Log:
    """Updates by position; what all readers have is dropped from the front. Guarded by the pool's lock."""

    def __init__(self) -> None:
        self._updates: list[bytes] = []
        self._first = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._updates)

    @property
    def end(self) -> int:
        """The position of the next update."""
        return self._first + len(self._updates)

    def append(self, update: bytes) -> int:
        """Add an update; its position."""
        self._updates.append(update)
        return self.end - 1

    def hand_over(self, reader: Reader) -> list[bytes]:
        """All updates that a reader lacks; from now on it counts as having them."""
        updates, reader.position = self._updates[reader.position - self._first :], self.end
        return updates

    def trim(self, readers: Iterable[Reader]) -> None:
        """Forget what all of these have. Whoever is not among them reads no more."""
        first = min(reader.position for reader in readers)
        del self._updates[: first - self._first]
        self._first = first
