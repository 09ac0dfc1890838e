"""Counts what is read and written: by one job while its action runs, or whoever else.

What is inside of a container has no hook: a write there is told by the compare that follows the job, a read where an
attribute is read that leads to another unit's container.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from sys import _getframe
from threading import get_ident, main_thread
from time import perf_counter
from types import FrameType
from typing import Any

from enforcer.bst.accesses.homes import Attribute, Homes
from enforcer.bst.accesses.named_lines import NamedAccess, NamedLines, RunningLines
from enforcer.bst.accesses.stacks import Stacks, accessing, way_of
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.graph.compare import ChangedCell, EntryChange
from enforcer.results.accesses import Accessed, By, Counts
from enforcer.results.findings import Job
from enforcer.results.record import Record


class Known:
    """What recorders of one run share."""

    def __init__(self, run_graph: RunGraph) -> None:
        self._run_graph = run_graph
        self.homes = Homes(run_graph)
        self.stacks = Stacks(run_graph.file_names, run_graph.plugin_files)

    @cached_property
    def lines(self) -> NamedLines:
        """The lines of plugins that do not come with BuildStream and name what no hook shows."""
        return NamedLines(self._run_graph.third_party_modules, self.homes)


class AccessCounter:
    """Counts accesses to attributes of all units.

    Attributes:
        counts: what was counted.
        seconds: how long that took.
        trouble: why not all could be counted, if so.
    """

    def __init__(self, known: Known) -> None:
        self._homes = known.homes
        self._stacks = known.stacks
        self._above: FrameType | None = None
        self.counts: dict[Accessed, Counts] = {}
        self.seconds = 0.0
        self.trouble: str | None = None

    def note(self, obj: Any, name: str, written: bool) -> None:
        """A hook that was called for the attribute `name` of `obj` has called this."""
        start = perf_counter()
        try:
            self._note(obj, name, written)
        except Exception as error:  # ours: it must not come out of an attribute
            self.trouble = f"not all accesses could be recorded: {error!r}"
        self.seconds += perf_counter() - start

    def _note(self, obj: Any, name: str, written: bool) -> None:
        homes = self._homes
        home = homes.of(obj)
        frame = None if home is None else accessing()
        if home is None or frame is None:
            return
        if not written and not homes.is_of_object(obj, name):
            of_class = homes.of_class(type(obj), name)
            if of_class is not None:
                self._count(of_class, "class", False, self._stacks.by(frame, self._above)[0])
            return
        by, called = self._stacks.by(frame, self._above)
        self._count(homes.attribute(home, name), way_of(called or name), written, by)
        if not written:
            for attribute in homes.led_to(home, obj, name):
                self._count(attribute, way_into(attribute), False, by)

    def _count(self, attribute: Attribute, way: str, written: bool, by: By) -> None:
        place = Accessed(*attribute, way)
        counts = self.counts.get(place)
        if counts is None:
            counts = self.counts[place] = Counts()
        if written:
            counts.wrote(1, by)
        else:
            counts.read(1, by)

    def add_to(self, record: Record, job: Job, phase: str) -> None:
        """Add what was counted to a record."""
        record.accesses.add(job, phase, self.counts.items())
        if self.trouble is not None:
            record.incomplete_reasons.add(self.trouble)


def way_into(attribute: Attribute) -> str:
    """The way into a container that this attribute holds."""
    return attribute.kind if attribute.kind in ("class", "module") else "in-place"


class JobAccesses(AccessCounter):
    """Those of one job.

    Args:
        known: of its run.
        late: identifiers of threads that earlier jobs have left, now and later.
    """

    def __init__(self, known: Known, late: Collection[int]) -> None:
        super().__init__(known)
        self._late = late
        self._lines = RunningLines(known.lines, self._run_line)
        # With the objects, whose ids are in the keys.
        self._written: dict[tuple[int, str], Any] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what happens in the time of the block."""
        global of_job
        self._above = _getframe(2)  # whose statement this block is
        of_job = self
        try:
            with self._lines.watching():
                yield
        finally:
            of_job = self._above = None
        if self._lines.trouble is not None:
            self.trouble = f"accesses to modules and classes could not be recorded: {self._lines.trouble}"

    def _run_line(self, naming: NamedAccess, frame: FrameType) -> None:
        if get_ident() not in self._late and get_ident() != MAIN_THREAD:
            self._count(naming.attribute, naming.attribute.kind, naming.writes, self._stacks.by(frame, None)[0])

    def note(self, obj: Any, name: str, written: bool) -> None:
        """See `AccessCounter`."""
        if get_ident() in self._late:
            return
        if written:
            self._written[id(obj), name] = obj
        super().note(obj, name, written)

    def add_changes(self, changed: Iterable[ChangedCell]) -> None:
        """Count what the job has changed as no hook shows: inside of containers, of classes, modules, the process."""
        for cell in changed:
            for change in cell.changes:
                if (id(cell.cell.subject), change.name) not in self._written:
                    self._add_change(change)

    def _add_change(self, change: EntryChange) -> None:
        attribute = self._homes.changed(change)
        place = Accessed(*attribute, way_into(attribute))
        known = self.counts.get(place)
        if known is not None and known.written_at is not None and change.cell.parent is None:
            return  # a line that names it was counted
        self.counts.setdefault(place, Counts()).wrote(1, self._reader(attribute))

    def _reader(self, attribute: Attribute) -> By | None:
        """Who has read the attribute that leads to what was changed, if anybody was seen to."""
        found = (counts.read_at for place, counts in self.counts.items() if place[:3] == attribute)
        return next(filter(None, found), None)


MAIN_THREAD = main_thread().ident
"""Its identifier, which the main thread of a forked process has, too, where main has forked that."""

of_job: JobAccesses | None = None
"""Counts for the job that runs in this process."""
