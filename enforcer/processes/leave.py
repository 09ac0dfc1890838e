"""Taking leave of workers: of those that died, and of those that retired."""

from __future__ import annotations

from enforcer.processes.crew import Crew
from enforcer.processes.failures import obituary
from enforcer.processes.frames import Broken, Closed, FrameKind
from enforcer.processes.shared_pristine import SharedPristine
from enforcer.processes.worker_handle import WorkerHandle

_DYING = 1.0
"""Seconds for a worker that closed its connection to end by itself."""


class Leave:
    """Ends and reaps workers that the crew has parted from, and keeps what is to be told of them."""

    def __init__(self, crew: Crew, pristine: SharedPristine) -> None:
        self.losses: list[str] = []
        """Workers that ended with no job to blame: a sentence each. What they had left to say is lost."""
        self.said: list[bytes] = []
        """What each worker that retired has said."""
        self._crew = crew
        self._pristine = pristine

    def bury(self, worker: WorkerHandle, error: Closed | Broken) -> str:
        """Give up a busy worker that the crew has parted from; in words, what happened to it."""
        sending = isinstance(error, Closed) and error.cut_off is FrameKind.RESULT
        try:
            return self._end(worker, error, "while sending its result" if sending else "during a job")
        finally:
            self._parted()

    def see_off(self) -> None:
        """Take leave of retired workers that have ended; when too many have not, of the one that retired first."""
        while worker := self._part_from_retired():
            try:
                self.take(worker)
            finally:
                self._parted()

    def take(self, worker: WorkerHandle) -> None:
        """Wait for the end of a worker that retires and that the crew does not know any more."""
        try:
            said = worker.farewell()
        except (Closed, Broken) as error:
            loss = self._end(worker, error, "between jobs")
            with self._crew.lock:
                self.losses.append(loss)
            return
        self._pristine.reap(worker, retired=True)
        worker.release()
        with self._crew.lock:
            self.said.append(said)

    def _end(self, worker: WorkerHandle, error: Closed | Broken, when: str) -> str:
        if not (ended := worker.process.has_ended(_DYING)):
            worker.process.kill()
        status = self._pristine.reap(worker, retired=False)
        worker.release()
        return obituary(worker, error, ended, status, when)

    def _part_from_retired(self) -> WorkerHandle | None:
        with self._crew.lock:
            return self._crew.part_from_retired()

    def _parted(self) -> None:
        with self._crew.lock:
            self._crew.parted()
