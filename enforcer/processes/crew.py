"""The workers of a pool by what they do, and the lock that guards all that the pool knows.

Two locks there are:

`Crew.lock`, the pool's lock, guards the crew, the log with the positions of its readers, the traffic, the tickets of
jobs, and what workers that left have said. It is held for moments. No process is waited for meanwhile: the only frame
that is sent under it goes to an idle worker, whose socket is empty. It is reentrant, because the main thread may hold
it when a signal's handler suspends or ends all.

The lock of `SharedPristine` is held by whoever speaks with the pristine process, until it has answered, which may take
long. It comes first: who holds it may take the pool's lock, and nobody waits for it who holds the pool's.

A worker's handle needs no lock. Whoever has moved it to `busy` or has parted from it is its only user, and whoever
holds the pool's lock is that of an idle one; signals and interrupts are for all who find it in the crew while they hold
that lock, for it is released only when it is no more in there.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence

from enforcer.processes.waiting_line import WaitingLine
from enforcer.processes.worker_handle import WorkerHandle


class Crew:
    """Who is where on the way of each worker. Every call is made while holding `lock`.

    starting → busy ⇄ idle → retiring → parting → gone; a busy worker that dies goes to parting at once. At most `limit`
    are starting, busy or idle; as many again may retire.
    """

    def __init__(self, limit: int) -> None:
        self.lock = threading.RLock()
        self.line = WaitingLine(self.lock)
        """Jobs that wait for a worker."""
        self.suspended = False
        self.closed = False
        self._limit = limit
        self._settling = threading.Condition(self.lock)
        self._starting = 0  # places that are reserved for workers to come
        self._busy: set[WorkerHandle] = set()
        self._idle: list[WorkerHandle] = []
        self._retiring: list[WorkerHandle] = []
        self._parting = 0  # workers that some thread takes leave of

    def present(self) -> Sequence[WorkerHandle]:
        """Those that run jobs, now or later, and so get updates."""
        return (*self._busy, *self._idle)

    def everyone(self) -> Sequence[WorkerHandle]:
        """Those that may still have a process, and that nobody takes leave of."""
        return (*self._busy, *self._idle, *self._retiring)

    def size(self) -> int:
        """How many places are taken."""
        return len(self._busy) + len(self._idle) + self._starting

    def has_room(self) -> bool:
        """Whether another worker may be forked."""
        return self.size() < self._limit

    def notify(self) -> None:
        """Something has changed for who waits for the end, and for who waits longest for a worker."""
        self._settling.notify_all()
        self.line.call_first()

    # Coming.

    def reserve(self) -> None:
        """Take a place for a worker that is to be forked; `unreserve` follows, whatever comes of it."""
        self._starting += 1

    def unreserve(self) -> None:
        """The worker has been added by now, or will never be."""
        self._starting -= 1
        self.notify()

    def add(self, worker: WorkerHandle) -> None:
        """A new worker, busy for who has reserved its place; what all were told meanwhile holds for it, too."""
        self._busy.add(worker)
        if self.suspended:
            worker.process.signal_group(signal.SIGTSTP)
        if self.closed:
            worker.process.kill()

    # Working.

    def take_idle(self) -> WorkerHandle | None:
        """An idle worker, busy from now on; those that have died are let go."""
        worker = self._living_idle()
        if worker:
            self._busy.add(worker)
        return worker

    def make_room(self) -> None:
        """Let an idle worker retire, if there is one."""
        if worker := self._living_idle():
            worker.retire()
            self._retiring.append(worker)

    def _living_idle(self) -> WorkerHandle | None:
        while self._idle:
            worker = self._idle.pop()  # the one used last: it lacks the fewest updates
            if not worker.process.has_ended():
                return worker
            self._retiring.append(worker)
        return None

    def give_back(self, worker: WorkerHandle, retires: bool) -> None:
        """A busy worker has done a job; if it retires it was told so."""
        self._busy.remove(worker)
        (self._retiring if retires else self._idle).append(worker)

    # Leaving.

    def part_from(self, worker: WorkerHandle) -> None:
        """A busy worker is lost; who calls this takes leave of it, then calls `parted`."""
        self._busy.discard(worker)
        self._parting += 1

    def part_from_retired(self) -> WorkerHandle | None:
        """A retiring worker to take leave of, as with `part_from`: one that has ended, else the first of too many."""
        crowded = len(self._retiring) > self._limit
        worker = next((each for each in self._retiring if crowded or each.process.has_ended()), None)
        if worker:
            self._retiring.remove(worker)
            self._parting += 1  # in the same step: `close` must find each worker on the list or in the number
        return worker

    def parted(self) -> None:
        """A worker is gone, and reaped."""
        self._parting -= 1
        self.notify()

    def close(self, patience: float) -> tuple[list[WorkerHandle], list[WorkerHandle]]:
        """Take no further job, kill busy workers, wait so many seconds until nobody works or parts.

        Returns who retires and who was idle; the crew knows them no more.
        """
        self.closed = True
        self.notify()
        for worker in self._busy:
            worker.process.kill()
        self._settling.wait_for(self._is_settled, patience)
        retiring, self._retiring = self._retiring, []
        idle, self._idle = self._idle, []
        return retiring, idle

    def _is_settled(self) -> bool:
        return not (self._starting or self._busy or self._parting)
