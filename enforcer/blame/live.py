"""Find in a job's own run the lines that change what is foreign, by comparing after each line.

Nothing is followed until plugin code touches something foreign. From then on each line of plugin code is followed by
a compare of what was touched, and of nothing else: a difference is the doing of the line before. That ends where it has
cost what it may; what changes later has no line.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from sys import _current_frames, _getframe
from threading import get_ident
from time import perf_counter
from types import CodeType, FrameType, GeneratorType
from typing import Any, NamedTuple

from enforcer.blame.budget import Budget
from enforcer.blame.inside import InsideOf
from enforcer.blame.lines import Follower, line_events
from enforcer.blame.place import Place, function_of, place_of, plugin_place
from enforcer.blame.reach import STORES, Reach
from enforcer.blame.watched import Key, Watched, holds_only_atoms, key_of
from enforcer.graph.compare import EntryChange
from enforcer.graph.kinds import INSTANCE
from enforcer.graph.unit import Cell, Unit

GIVEN_UP = "following the lines of its job was given up when it had cost too much; blame full would follow all"
"""Why a finding has no line that may have had one."""


_TO_ATTRIBUTES = ("__dict__", "vars")
"""What code names to change attributes without naming these."""


class Where(NamedTuple):
    """A line of plugin code, the line below it, of other code, that runs on its behalf, and whose code it is."""

    plugin: Place | None
    core: Place | None = None
    maker: Any = None


Whose = Callable[[FrameType | None, int], Any]
"""Says whose code runs in a function, or called what does, in the thread of this identifier."""


class LineBlame(Follower):
    """The lines of one job.

    Args:
        files: the names of the files of plugin code.
        reach: what lines of plugin code may change although no attribute access on an element shows it.
        idle: whether what the thread of this identifier does is no doing of the job.
        is_own: whether a unit is the job's own.
        whose: asked where a line has changed something.
        limit: see `Budget`.

    Attributes:
        files: as given.
        trouble: why lines are not seen, or not any more, if so.
        budget: what it has cost.
        seconds: how long that took.
    """

    def __init__(
        self,
        files: Collection[str],
        reach: Reach,
        idle: Callable[[int], bool],
        is_own: Callable[[Unit], bool],
        whose: Whose,
        limit: int | None = None,
    ) -> None:
        self.files = files
        self.trouble: str | None = None
        self.budget = Budget(limit)
        self.seconds = 0.0
        self._reach = reach
        self._idle = idle
        self._is_own = is_own
        self._whose = whose
        self._events = line_events(self, reach.codes)
        self._started = self._over = False
        # A line that changes something may run in any thread of the job.
        self._lock = threading.RLock()
        # By the unit, and the container if it is but one.
        self._watched: dict[tuple[Unit, int | None], Watched] = {}
        self._obtained: dict[Unit, Where] = {}
        # Made into a place where something was changed only: that takes longer than to go on to the next line.
        self._last: dict[int, Callable[[], Where]] = {}
        self._code: dict[int, CodeType] = {}
        self._frames: dict[int, int] = {}  # by their ids: they run
        self._blamed: dict[Key, Where] = {}
        # What core has put in for plugin code, which may be edited later.
        self._inside: dict[Key, InsideOf] = {}
        self._edited: dict[Key, Where] = {}
        self._asked: Counter[Key] = Counter()
        self._changed: set[Unit] = set()
        self._core: dict[int, CodeType] = {}

    @property
    def followed(self) -> bool:
        """Whether lines were followed at any time."""
        return self._started

    @property
    def gave_up(self) -> bool:
        """Whether that ended because it had cost too much."""
        return self.trouble == GIVEN_UP

    @property
    def follows(self) -> bool:
        """Whether lines are followed."""
        return self._started and not self._over and self.trouble is None

    def prepare(self) -> None:
        """The job's action begins: its threads may be followed later."""
        self._events.prepare()

    def arm(self, frame: FrameType | None, units: Iterable[Unit] = ()) -> None:
        """Follow the lines of plugin code from now on, and look at `units` after each; `frame` runs, if any."""
        with self._lock:
            if self._over or self.trouble:
                return
            if not self._started:
                self._started = True
                self.trouble = self._events.start(frame)
            for unit in units:
                self._watch(unit)

    def touch(self, unit: Unit, frame: FrameType) -> None:
        """Plugin code, which runs in `frame`, is about to see something of `unit`."""
        with self._lock:
            self.arm(frame, (unit,))
            if not self.follows:
                return
            here = get_ident()
            if here not in self._last:
                self._go_on(here, frame)
                self._events.follow(frame)

    def imported(self, units: Iterable[Unit], codes: Iterable[CodeType], frame: FrameType) -> None:
        """Plugin code, which runs in `frame`, has loaded modules with this code, and may go on to change `units`."""
        for unit in units:
            self.touch(unit, frame)
        self._events.add(codes)

    def follow(self, unit: Unit, frame: FrameType) -> None:
        """Code that is no plugin's, which runs in `frame`, is about to see something of `unit`."""
        here = get_ident()
        if (unit, None) not in self._watched or self._code.get(here) is frame.f_code:
            return
        if plugin_place(frame, self.files) is not None:
            with self._lock:
                self._settle(here)
                if self._over:
                    return
                self._core[id(frame.f_code)] = frame.f_code
                self._events.follow(frame)
                self._go_on(here, frame)

    def stop(self) -> None:
        """The job's action is over."""
        with self._lock:
            here = get_ident()
            if here in self._last and self.follows:
                self.trouble = "another trace function took the place of the enforcer's while the job ran"
            if self.trouble is None:
                self._settle(here)
            self._end()

    def _end(self, trouble: str | None = None) -> None:
        """See no more lines, whoever runs some."""
        self._over = True
        self.trouble = trouble or self.trouble
        self._events.stop()

    def step(self, frame: FrameType) -> None:
        """See `Follower`."""
        here = get_ident()
        if self._over or not self._started or self._idle(here):
            return
        start = perf_counter()
        with self._lock:
            self._settle(here)
            self._go_on(here, frame)
            for unit, only in self._reach.at(frame.f_code, frame.f_lineno):
                if not self._is_own(unit):
                    if unit not in self._obtained:
                        self._obtained[unit] = Where(place_of(frame), maker=self._whose(frame, here))
                    self._watch(unit, only)
            self.seconds += perf_counter() - start

    def leave(self, frame: FrameType) -> None:
        """See `Follower`."""
        here = get_ident()
        if self._over or not self._started or self._idle(here):
            return
        start = perf_counter()
        with self._lock:
            self._settle(here)
            above = self._followed(frame.f_back)
            if above is not None:
                self._go_on(here, above)
            elif here in self._last:
                del self._last[here], self._code[here], self._frames[here]
            self.seconds += perf_counter() - start

    def passed(self, calls: int) -> None:
        """See `Follower`."""
        if not self._started:
            return
        with self._lock:
            self.budget.calls(calls)
            if self.budget.exhausted and not self._over:
                self._end(GIVEN_UP)

    def _go_on(self, here: int, frame: FrameType) -> None:
        self._last[here], self._code[here], self._frames[here] = self._where(frame), frame.f_code, id(frame)

    def _followed(self, frame: FrameType | None) -> FrameType | None:
        """The nearest running function, from `frame` upwards, of which lines are seen."""
        while frame is not None:
            if frame.f_code.co_filename in self.files or id(frame.f_code) in self._core:
                return frame
            frame = frame.f_back
        return None

    def _where(self, frame: FrameType) -> Callable[[], Where]:
        """Where the thread is; no frame is kept, nor what its variables hold."""
        if frame.f_code.co_filename in self.files:
            return partial(_in_plugin, frame.f_code, frame.f_lineno, function_of(frame))
        return partial(Where, plugin_place(frame, self.files), place_of(frame))

    def _watch(self, unit: Unit, only: Any = None) -> None:
        if not holds_only_atoms(only):
            only = None  # what it holds may be changed through it
        key = (unit, None if only is None else id(only))
        if key not in self._watched and (unit, None) not in self._watched:
            self._watched[key] = Watched(unit, only)
            self.budget.watch(self._watched[key])

    def _settle(self, here: int) -> None:
        """Whatever changed since the last line of any thread was done by one of the lines that ran."""
        if self._over:
            return  # It was given up while this thread waited for the lock, and others have run on, unseen.
        try:
            for watched in self._watched.values():
                if not watched.unchanged():
                    self._blame(watched, here)
            for key, inside in self._inside.items():
                self._look_inside(key, inside, here)
        except Exception as error:
            # Ours, and not worth a job: what was found stays, what comes is not blamed.
            self._end(f"the enforcer failed to compare after a line: {error!r}")
        self.budget.line()
        if self.budget.exhausted and not self._over:
            self._end(GIVEN_UP)

    def _blame(self, watched: Watched, here: int) -> None:
        self.budget.look(watched)
        for key, change in watched.fresh():
            self._changed.add(watched.unit)
            if key in self._blamed and self._runs_itself(here, change):
                continue
            where = self._doer(here, change.name, *_names_above(change.cell))
            if where is not None:
                self._blamed[key] = where
                if where.core is not None and change.before is None:
                    self._inside[key] = InsideOf(change.after)
                    self.budget.watch_inside(len(self._inside[key]))

    def _runs_itself(self, here: int, change: EntryChange) -> bool:
        """Whether a generator has run a line more: it was moved on by whoever asked it for its next value."""
        obj = change.cell.obj
        return type(obj) is GeneratorType and obj.gi_code is self._code.get(here)

    def _look_inside(self, key: Key, inside: InsideOf, here: int) -> None:
        if inside.changed():
            where = self._doer(here)
            if where is not None:
                self._edited[key] = where

    def _doer(self, here: int, *names: object) -> Where | None:
        """The line that has just changed an entry: this thread's last, unless another's that runs fits better.

        That one stores, or has one of the `names` on the way to the entry.
        """
        last = {ident: where() for ident, where in self._last.items()}
        if not last:
            return None
        # Of several that fit alike the first is meant.
        idents = sorted(last, key=lambda ident: ident != here)
        doer = idents[0]
        if len(last) > 1:
            doer = max(idents, key=lambda ident: self._reach.fit(last[ident].plugin, *names))
        return last[doer]._replace(maker=self._whose(self._frame(doer, here), doer))

    def _frame(self, ident: int, here: int) -> FrameType | None:
        """The function whose line a thread ran last: it still runs, or has just called what does."""
        frame = _getframe() if ident == here else _current_frames().get(ident)
        while frame is not None and id(frame) != self._frames[ident]:
            frame = frame.f_back
        return frame

    def blamed(self, change: EntryChange) -> Where | None:
        """The line that made a change, if it was seen doing it; to be asked once for each change."""
        key = key_of(change)
        self._asked[key] += 1
        numbered = (*key, self._asked[key])
        where = self._blamed.get(numbered)
        if where is None or self.trouble is None:
            return where
        # What it holds now may be the doing of a later line, which nobody saw.
        watched = (each for each in self._watched.values() if each.unit is change.unit)
        return where if any(each.last_saw(numbered, change) for each in watched) else None

    def edited(self, change: EntryChange) -> Where | None:
        """The line that changed something inside of what core has put in as this entry."""
        return self._edited.get((*key_of(change), 1))

    def fits(self, where: Where | None, change: EntryChange) -> bool:
        """Whether the line that ran before a change was seen can have made it: it stores something, or names it.

        Or it names what holds it, and calls something: `table.update(...)`, `rows.sort()`.
        """
        if where is None:
            return False
        stores, names = self._reach.fit(where.plugin, change.name)
        if stores == STORES or names:
            return True
        return bool(stores) and self._reach.fit(where.plugin, *_names_above(change.cell))[1]

    def saw_change_of(self, unit: Unit) -> bool:
        """Whether a line changed something of `unit`, if only for a while."""
        return unit in self._changed

    def obtained(self, unit: Unit) -> Where | None:
        """The first line that named something of `unit`, which no attribute access shows."""
        return self._obtained.get(unit)


def _names_above(cell: Cell) -> Iterator[object]:
    if cell.kind is INSTANCE:
        yield from _TO_ATTRIBUTES
    while cell.parent is not None:
        yield cell.name
        cell = cell.parent


def _in_plugin(code: CodeType, line: int | None, function: CodeType) -> Where:
    return Where(Place(code.co_filename, line or code.co_firstlineno, function.co_name))
