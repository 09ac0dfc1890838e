"""The recording of one scheduler run: the hooks, and what the main thread does while it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from enforcer.bst.accesses import hooks
from enforcer.bst.accesses.recording import Known, Recorder
from enforcer.results import costs
from enforcer.results.accesses import DONE, SCHEDULING
from enforcer.results.findings import Job
from enforcer.results.record import Record

_NO_JOB = Job("", "")


class RunAccesses:
    """From before its graph is walked, so that hooks are nobody's change, to its end; in the process that schedules."""

    def __init__(self) -> None:
        self._take_off = hooks.put_on()
        self._recorders: dict[tuple[Job, str], Recorder] = {}
        self._known: Known | None = None

    def begin(self, known: Known) -> None:
        """The first job is about to be scheduled."""
        self._known = known
        hooks.of_main = self._recorder(_NO_JOB, SCHEDULING).note

    def _recorder(self, job: Job, phase: str) -> Recorder:
        assert self._known is not None
        return self._recorders.setdefault((job, phase), Recorder(self._known))

    @contextmanager
    def after(self, job: Job) -> Iterator[None]:
        """The block is what follows the end of `job`."""
        before, hooks.of_main = hooks.of_main, self._recorder(job, DONE).note
        try:
            yield
        finally:
            hooks.of_main = before

    def end(self, record: Record) -> None:
        """Take the hooks off, and add to the record what the main thread did."""
        hooks.of_main = None
        self._take_off()
        for (job, phase), recorder in self._recorders.items():
            recorder.add_to(record, job, phase)
            record.spend(costs.ACCESSES, recorder.seconds)
