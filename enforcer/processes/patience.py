"""How long a job waits for a worker before another one is worth its cost."""

from __future__ import annotations

import os
from collections.abc import Sequence

from enforcer.processes import linux
from enforcer.processes.process_handle import ProcessHandle

_PATIENCE = 0.3
"""Seconds that a job waits for a worker before another one is forked, once each processor has one."""

_BUSY_PATIENCE = 10 * _PATIENCE
"""The same while the workers keep all processors busy: another one would only share these, and take memory."""

_BUSY = 0.25
"""The share of its time that a worker computes to count as keeping a processor busy."""


class Patience:
    """One job's wait for a worker, and how much of that time the processes of workers compute."""

    def __init__(self, clock: linux.Clock, processes: Sequence[ProcessHandle]) -> None:
        self._clock = clock
        self._began = clock.now()
        self._computed = {process: process.cpu_seconds() for process in processes}

    def left(self, processes: Sequence[ProcessHandle]) -> float:
        """Seconds to wait on, not above 0 when another worker is worth its cost; `processes` are those of now."""
        now = self._clock.now()
        waited = now - self._began
        if waited < _PATIENCE:
            return _PATIENCE - waited
        busy = sum(self._is_busy(process, now) for process in processes)
        return _BUSY_PATIENCE - waited if busy >= processors() else 0.0

    def _is_busy(self, process: ProcessHandle, now: float) -> bool:
        """Whether it has computed meanwhile, or since it was forked; what it started doesn't count."""
        computed = process.cpu_seconds() - self._computed.get(process, 0.0)
        return computed >= _BUSY * (now - max(self._began, process.born))


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))
