"""Which worker a job gets, and when."""

from __future__ import annotations

from enforcer.processes import failures, linux, patience
from enforcer.processes.crew import Crew
from enforcer.processes.process_handle import ProcessHandle
from enforcer.processes.worker_handle import WorkerHandle


class Choosing:
    """Gives the next worker to the job that has waited longest. Called on any number of threads."""

    def __init__(self, crew: Crew, clock: linux.Clock) -> None:
        self._crew = crew
        self._clock = clock

    def take(self, fresh: bool) -> WorkerHandle | None:
        """A worker that is busy with this job from now on; None: one must be forked, a place for it is reserved.

        Blocks. A `fresh` job takes none that has run another. Raises `ProcessFailed` once the crew is closed.
        """
        crew = self._crew
        with crew.lock, crew.line.place() as place:
            waiting = patience.Patience(self._clock, self._processes())
            while not crew.closed:
                seconds = None
                if crew.line.is_first(place):
                    if worker := self._idle(fresh):
                        return worker
                    seconds = self._until_fork(fresh, waiting)
                    if seconds is not None and seconds <= 0:
                        crew.reserve()
                        return None
                place.wait(seconds)
            raise failures.run_has_ended()

    def _idle(self, fresh: bool) -> WorkerHandle | None:
        if not fresh:
            return self._crew.take_idle()
        if not self._crew.has_room():
            self._crew.make_room()
        return None

    def _until_fork(self, fresh: bool, waiting: patience.Patience) -> float | None:
        """Seconds to wait on before a worker is forked; None while there is no room for one."""
        if not self._crew.has_room():
            return None
        if fresh or self._crew.size() < patience.processors():
            return 0.0
        return waiting.left(self._processes())

    def _processes(self) -> list[ProcessHandle]:
        return [worker.process for worker in self._crew.present()]
