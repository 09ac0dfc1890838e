"""Run `bst`, stock or enforced, in this process, and note what BuildStream's scheduler did.

    python benchmarks/probe.py NOTES bst build all.bst
    python benchmarks/probe.py NOTES enforcer run --backend threads -- build all.bst

Writes to the file NOTES, as JSON, for all scheduler runs together: `start`, the seconds from the entry of
`Scheduler.run` to its first job; `run`, the seconds that `Scheduler.run` took; `jobs`, how many there were by action.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


class Probe:
    """Wraps two methods of the scheduler, outside of what enforcement has put there before."""

    def __init__(self) -> None:
        self.start = 0.0
        self.run = 0.0
        self.jobs: Counter[str] = Counter()
        self._entered: float | None = None

    def install(self) -> None:
        """Wrap them; only now, because BuildStream must not be imported before the enforcer wants it."""
        from buildstream._scheduler.scheduler import Scheduler

        Scheduler.run = self._timed(Scheduler.run)
        Scheduler._start_job = self._counted(Scheduler._start_job)

    def _timed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def run(*args: Any) -> Any:
            entered = self._entered = time.perf_counter()
            try:
                return original(*args)
            finally:
                self.run += time.perf_counter() - entered

        return run

    def _counted(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def _start_job(scheduler: Any, job: Any) -> Any:
            if self._entered is not None:
                self.start += time.perf_counter() - self._entered
                self._entered = None
            self.jobs[job.action_name] += 1
            return original(scheduler, job)

        return _start_job

    def write(self, path: Path) -> None:
        """Write what was noted."""
        notes = {"start": self.start, "run": self.run, "jobs": dict(sorted(self.jobs.items()))}
        path.write_text(json.dumps(notes), encoding="utf-8")


def main() -> int:
    """Run the command; its exit status is ours."""
    # Not above: BuildStream's forkserver imports this module too.
    from enforcer.bst import command
    from enforcer.cli.main import main as enforcer_main

    notes, program, *words = sys.argv[1:]
    probe = Probe()
    run_bst = command.run_bst

    def probed(args: Sequence[str]) -> int:
        probe.install()
        return run_bst(args)

    command.run_bst = probed
    status = probed(words) if program == "bst" else enforcer_main(words)
    probe.write(Path(notes))
    return status


if __name__ == "__main__":
    sys.exit(main())
