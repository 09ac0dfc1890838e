"""Jobs that must not run at the same time, by what they have in common."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from enforcer.processes import linux

Groups = frozenset[Hashable]
"""What a job shares with others, whatever that is: of those that share something, one at a time runs."""

NO_GROUPS: Groups = frozenset()


@dataclass
class Waits:
    """How many jobs were of a group, how many of these waited for others to end, and how long in all."""

    jobs: int = 0
    waited: int = 0
    seconds: float = 0.0


class Exclusion:
    """Lets each job have its turn when no other of its groups has.

    There is one line. A job waits for those before it that share a group with it, whether these run or wait themselves,
    and for nobody else: no two wait for each other, none is passed by for ever, and strangers do not matter.
    """

    def __init__(self, lock: threading.RLock, clock: linux.Clock) -> None:
        self.waits: defaultdict[Hashable, Waits] = defaultdict(Waits)
        """By group. Guarded by `lock`, as everything here."""
        self._clock = clock
        self._changed = threading.Condition(lock)
        self._line: list[_Place] = []

    @contextmanager
    def turn(self, groups: Groups, waits: Callable[[], None], look: Callable[[], None]) -> Iterator[None]:
        """The block is the turn of a job, which blocks until it may begin.

        `waits` is called when it may not at once; `look`, while holding the lock, whenever something has changed. What
        either raises ends the wait, and there is no turn.
        """
        if not groups:
            yield
            return
        place = _Place(groups)
        with self._changed:
            self._line.append(place)
            waited = not self._is_first(place)
        try:
            seconds = self._wait(place, waits, look) if waited else 0.0
            self._note(groups, waited, seconds)
            yield
        finally:
            with self._changed:
                self._line.remove(place)
                self._changed.notify_all()

    def notify(self) -> None:
        """Something has changed that is for `look` to see; called while holding the lock."""
        self._changed.notify_all()

    def _wait(self, place: _Place, waits: Callable[[], None], look: Callable[[], None]) -> float:
        since = self._clock.now()
        waits()
        with self._changed:
            look()
            while not self._is_first(place):
                self._changed.wait()
                look()
        return self._clock.now() - since

    def _note(self, groups: Groups, waited: bool, seconds: float) -> None:
        with self._changed:
            for group in groups:
                noted = self.waits[group]
                noted.jobs += 1
                noted.waited += waited
                noted.seconds += seconds

    def _is_first(self, place: _Place) -> bool:
        before = self._line[: self._line.index(place)]
        return all(place.groups.isdisjoint(other.groups) for other in before)


class _Place:
    """Where a job stands in the line, from when it comes until its turn is over."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups
