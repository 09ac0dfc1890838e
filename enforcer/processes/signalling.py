"""What all workers are told at once, by signals: to stop, to go on, to end."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence

from enforcer.processes import linux
from enforcer.processes.crew import Crew
from enforcer.processes.worker_handle import WorkerHandle

_STOPPING = 1.0
"""Seconds for all workers to stop when the run is suspended."""

_TERMINATING = 20.0
"""Seconds for all workers to end what they have started when the run is terminated; BuildStream gives a sandbox 15."""


def suspend(crew: Crew, clock: linux.Clock) -> None:
    """Stop all workers with SIGTSTP, and before that the clock, so that no deadline comes nearer meanwhile."""
    clock.pause()
    with crew.lock:
        crew.suspended = True  # with the signals: a worker that comes later is told when it is added
        workers = _signal(crew, signal.SIGTSTP)
    # They stop their jobs' programs, then themselves: a SIGCONT that comes before would be lost.
    deadline = time.monotonic() + _STOPPING
    late = [worker for worker in workers if not linux.has_stopped(worker.process.pid, deadline)]
    with crew.lock:
        for worker in set(late).intersection(crew.everyone()):  # others may be released by now
            worker.may_stop_late()  # its job lets no Python code run


def resume(crew: Crew, clock: linux.Clock) -> None:
    """Let the workers go on, and after that the clock."""
    with crew.lock:
        crew.suspended = False
        _signal(crew, signal.SIGCONT)
    clock.resume()


def terminate(crew: Crew) -> None:
    """Have all workers end with what they have started, each by its own handler; waits for them."""
    with crew.lock:  # so that none is released meanwhile
        workers = crew.everyone()
        for worker in workers:
            worker.terminate()
    deadline = time.monotonic() + _TERMINATING
    for worker in workers:
        worker.process.has_ended(max(0.0, deadline - time.monotonic()))


def _signal(crew: Crew, number: signal.Signals) -> Sequence[WorkerHandle]:
    workers = crew.everyone()
    for worker in workers:
        worker.process.signal_group(number)
    return workers
