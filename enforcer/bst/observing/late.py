"""What earlier jobs have left running in this process, while it runs: what is seen in a later job may be its doing."""

from __future__ import annotations

import threading

from enforcer.bst.observing.left_running import Leaks, Running, SeenThread, descendants, runs, thread_of
from enforcer.results.findings import Job


class Late:
    """The threads and processes that jobs have left.

    Attributes:
        threads: the identifiers of those threads that ran when that was last looked at, and of what these started.
        processes: the same of processes.
        started: the ids of all processes that were started by what is watched.
    """

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.processes: set[int] = set()
        self.started: set[int] = set()
        self._threads: list[tuple[Job, SeenThread]] = []
        self._processes: list[tuple[Job, int]] = []
        self._below: set[int] = set()

    def add(self, job: Job, leaks: Leaks) -> None:
        """Remember what `job` left."""
        for ident in leaks.threads:
            self._threads.append((job, SeenThread(ident, thread_of(ident))))
        self._processes += [(job, pid) for pid in leaks.processes]

    def look(self, now: Running) -> None:
        """Before a job: forget what has ended."""
        self._threads = [(job, left) for job, left in self._threads if left.runs(now.threads)]
        self._processes = [(job, pid) for job, pid in self._processes if pid in now.processes]
        self.threads.clear()
        self.threads.update(left.ident for _, left in self._threads)
        self.processes = {pid for _, pid in self._processes}
        self._below = descendants(self.processes)

    def adopt_thread(self, thread: threading.Thread, ident: int, starter: int) -> None:
        """A thread that was left has started another one: that is its job's, too."""
        job = self._job_of(starter)
        if job is not None:
            self._threads.append((job, SeenThread(ident, thread)))
            self.threads.add(ident)

    def adopt_process(self, pid: int, starter: int) -> None:
        """A thread that was left has started a process: that is its job's, too."""
        job = self._job_of(starter)
        if job is not None:
            self._processes.append((job, pid))
            self.processes.add(pid)

    def _job_of(self, ident: int) -> Job | None:
        """The job that has left this thread, which runs."""
        return next((job for job, left in reversed(self._threads) if left.ident == ident), None)

    def may_have_left(self) -> bool:
        """Whether a process that has become ours can have been started by one that was left: one of these has ended."""
        return not all(runs(pid) for pid in self.processes | self._below)

    @property
    def leakers(self) -> list[Job]:
        """The jobs of which a thread still runs, oldest first."""
        return list(dict.fromkeys(job for job, _ in self._threads))

    @property
    def all_leakers(self) -> list[Job]:
        """Those of which anything did when that was last looked at."""
        return list(dict.fromkeys(job for job, _ in [*self._threads, *self._processes]))
