"""The recording of one scheduler run: the hooks, and what the main thread does while it lasts.

What the main thread writes is kept with the element, and with the job that has ended. What it reads is much the same
for each element of a graph, so that is added up for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from enforcer.bst.accesses import hooks
from enforcer.bst.accesses.homes import Attribute
from enforcer.bst.accesses.recording import AccessCounter, Known
from enforcer.results import costs
from enforcer.results.accesses import ALL_UNITS, DONE, SCHEDULING, Accessed, By, Counts
from enforcer.results.findings import Job
from enforcer.results.record import Record

_NO_JOB = Job("", "")


class _PhaseCounter(AccessCounter):
    """Of one phase: `reads` are those of all such phases."""

    def __init__(self, known: Known, reads: dict[Accessed, Counts]) -> None:
        super().__init__(known)
        self._reads = reads

    def _count(self, attribute: Attribute, way: str, written: bool, by: By) -> None:
        if written:
            super()._count(attribute, way, written, by)
        else:
            any_unit = attribute._replace(unit=ALL_UNITS) if attribute.kind in ("element", "class") else attribute
            self._reads.setdefault(Accessed(*any_unit, way), Counts()).read(1, by)


class RunAccesses:
    """From before its graph is walked, so that hooks are nobody's change, to its end; in the process that schedules."""

    def __init__(self) -> None:
        self._take_off = hooks.put_on_classes()
        self._recorders: dict[tuple[Job, str], _PhaseCounter] = {}
        self._reads: dict[tuple[str, str], dict[Accessed, Counts]] = {}
        self._known: Known | None = None

    def begin(self, known: Known) -> None:
        """The first job is about to be scheduled."""
        self._known = known
        hooks.of_main = self._recorder(_NO_JOB, SCHEDULING).note

    def _recorder(self, job: Job, phase: str) -> _PhaseCounter:
        assert self._known is not None
        key = (job, phase)
        if key not in self._recorders:
            reads = self._reads.setdefault((job.action, phase), {})
            self._recorders[key] = _PhaseCounter(self._known, reads)
        return self._recorders[key]

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
        for (action, phase), reads in self._reads.items():
            record.accesses.add(Job("", action), phase, reads.items())
