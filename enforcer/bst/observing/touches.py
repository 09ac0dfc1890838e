"""Where plugin code first reached into foreign state, and where it assigned to an attribute.

While a job's action runs, attribute access on plugins, projects and the context passes through
here. The hooks only look: values and exceptions are those of stock BuildStream.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from sys import _getframe, intern
from threading import get_ident
from types import FrameType
from typing import TYPE_CHECKING, Any

from buildstream import _elementproxy, _pluginproxy
from buildstream._context import Context
from buildstream._project import Project
from buildstream.plugin import Plugin

from enforcer.blame.budget import WORK_LIMIT
from enforcer.blame.code import functions_of, nested_code
from enforcer.blame.live import LineBlame, Where
from enforcer.blame.place import Place, place_of, plugin_place
from enforcer.bst import patches
from enforcer.bst.elements.core_code import is_in_buildstream
from enforcer.graph.values import class_with_member, module_of

if TYPE_CHECKING:
    from enforcer.bst.elements.run_graph import RunGraph
    from enforcer.bst.observing.makers import Makers
    from enforcer.bst.observing.searches import PluginSearches
    from enforcer.graph.unit import Unit
    from enforcer.settings.settings import Settings

# A proxy hands each call on: the line that called the proxy is the one that reached.
_TRANSPARENT_FILES = frozenset({_pluginproxy.__file__, _elementproxy.__file__, __file__})
_INTEGRATE = intern("integrate")
"""The one method of a plugin that BuildStream calls in jobs of other elements; code has its names interned."""
_HOOKED: tuple[type, ...] = (Plugin, Project, Context)


class Touches:
    """What one job touched outside of `own`, and where plugin code did.

    Args:
        reached: called once for each foreign unit, before anybody sees anything of it.
        makers: tells which plugin runs.
        settings: its blame says how much is noted beside that.
        rerun: whether the job runs again, only to see which lines change what: each is followed by a full compare.
        late: identifiers of threads that earlier jobs have left, now and later.

    What BuildStream's own plugins do is looked at when the job is over; their lines are followed where that was asked
    for, or where nothing else has shown a line.

    Attributes:
        units: the units of which anybody accessed a root, core included.
        live: finds the lines of writes, if these are looked for.
        makers: as given.
        trouble: why not all can be known that the job has changed, if so.
    """

    def __init__(
        self,
        run_graph: RunGraph,
        searches: PluginSearches,
        own: Unit,
        reached: Callable[[Unit], None],
        makers: Makers,
        settings: Settings,
        rerun: bool = False,
        late: Collection[int] = (),
    ) -> None:
        self._run_graph = run_graph
        self._reached = reached
        self._own = own
        self.makers = makers
        self._main = threading.main_thread().ident
        self._late = late
        self._roots = run_graph.graph.registry.roots
        # A running function that no plugin code called: core reaches for many things in a row.
        self._without_plugin: FrameType | None = None
        # The function of ours that has the action run: no plugin called it.
        self._above: FrameType | None = None
        self._direct: dict[Unit, Where] = {}
        self._indirect: dict[Unit, Where] = {}
        self._writes: dict[tuple[int, str], Where] = {}
        self._notes_places = settings.blame != "off"
        self._rerun = rerun
        self._follows_all = rerun or settings.follows_all
        self.live: LineBlame | None = None
        if settings.follows_lines:
            self._reach = searches.reach_of_all if self._follows_all else searches.reach
            files = run_graph.plugin_files if self._follows_all else run_graph.third_party_files
            limit = None if self._follows_all else WORK_LIMIT
            self.live = LineBlame(files, self._reach, self._idle, lambda unit: unit is own, makers.running, limit)
        self.units: set[Unit] = set()
        self.trouble: Exception | None = None
        # Roots of which nothing more is to be learnt from another access.
        self.quiet: set[int] = {id(root) for root, _ in own.roots}

    def _idle(self, ident: int) -> bool:
        """Whether what this thread does is no doing of the job."""
        return ident == self._main or ident in self._late

    def obtained(self, unit: Unit) -> Where | None:
        """The first line of plugin code that reached into `unit`, else the first that made core do so."""
        return self._direct.get(unit) or (self.live and self.live.obtained(unit)) or self._indirect.get(unit)

    def written(self, obj: object, name: str) -> Where | None:
        """The last line of plugin code that assigned to this attribute, or made core do so."""
        return self._writes.get((id(obj), name))

    def assigned(self, obj: object) -> dict[str, Place]:
        """The attributes of `obj` that plugin code assigned to, in this order, with the last line that did."""
        return {name: where.plugin for (key, name), where in self._writes.items() if key == id(obj) and where.plugin}

    def note(self, obj: object, written: str | None, read: str = "") -> None:
        """`obj` is accessed (its attribute `read` read, or `written` assigned to) by the calling frame's caller."""
        unit = self._roots.get(id(obj))
        if unit is None or self._idle(get_ident()):
            return
        if unit is self._own:
            if written is not None and self.live is not None:
                self._note_own(_caller(), obj, written)
            return
        if unit not in self.units:
            self.units.add(unit)
            self._reached(unit)
        if read is _INTEGRATE and self.live is not None and not self.live.followed:
            self._arm_for_integration(self.live, unit, type(obj))
        if self._nothing_new(unit, written):
            self.quiet.add(id(obj))
            return
        frame = _caller()
        if frame.f_code.co_filename in self._run_graph.plugin_files:
            self._note_plugin(frame, unit, obj, written)
        else:
            self._note_core(frame, unit, obj, written)

    def imported(self, modules: Iterable[tuple[types.ModuleType, str | None]]) -> None:
        """The job has loaded these modules, each for code in the file beside it."""
        try:
            units = self._run_graph.take_imported(modules)
        except Exception as error:  # ours: it must not come out of an import statement
            self.trouble = error
            return
        frame: FrameType | None = _getframe()
        while self.live is not None and frame is not None:
            if frame.f_code.co_filename in self.live.files:
                new = [unit.roots[0][0] for unit in units if unit.kind == "module"]
                functions = [function for function, _ in functions_of(new)]
                self.live.imported(units, [code for each in functions for code in nested_code(each.__code__)], frame)
                return
            frame = frame.f_back

    def _nothing_new(self, unit: Unit, written: str | None) -> bool:
        if not self._notes_places:
            return True
        return written is None and unit in self._direct and not (self.live and self.live.follows)

    def _note_plugin(self, frame: FrameType, unit: Unit, obj: object, written: str | None) -> None:
        if written is not None or unit not in self._direct:
            maker = self.makers.running(frame)
            self._direct.setdefault(unit, Where(place_of(frame), maker=maker))
            if written is not None:
                self._writes[id(obj), written] = self._where(frame)._replace(maker=maker)
        if self.live is None:
            return
        if frame.f_code.co_filename in self.live.files:
            self.live.touch(unit, frame)
        elif self.live.follows:
            self.live.follow(unit, frame)

    def _where(self, frame: FrameType) -> Where:
        """The line that `frame` is at; in a plugin of BuildStream also the one of another on whose behalf it runs."""
        place = place_of(frame)
        other = plugin_place(frame, self._run_graph.third_party_files)
        return Where(place) if other in (None, place) else Where(other, place)

    def _note_own(self, frame: FrameType, obj: object, written: str) -> None:
        """Own state may change, but what comes of it may be a finding."""
        if frame.f_code.co_filename in self._run_graph.plugin_files:
            self._writes[id(obj), written] = Where(place_of(frame))

    def _note_core(self, frame: FrameType, unit: Unit, obj: object, written: str | None) -> None:
        if self.live is not None and self.live.follows:
            self.live.follow(unit, frame)
        if written is None and (unit in self._indirect or frame is self._without_plugin):
            return
        place = plugin_place(frame, self._run_graph.plugin_files, self._above)
        if place is None:
            self._without_plugin = frame
            return
        maker = self.makers.running(frame)
        self._indirect.setdefault(unit, Where(place, maker=maker))
        if written is not None:
            self._writes[id(obj), written] = Where(place, place_of(frame), maker)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what happens in the time of the block."""
        global _current
        with hooked():
            try:
                if self.live is not None:
                    self.live.prepare()
                    self._arm(self.live)
                self._above = _getframe(2)  # whose statement this block is
                # Only now: what we ask ourselves is no touch.
                _current = self
                yield
            finally:
                _current = self._without_plugin = self._above = None
                if self.live is not None:
                    self.live.stop()

    def _arm(self, live: LineBlame) -> None:
        """Follow lines from the beginning where nothing will show that plugin code reaches something foreign."""
        if self._rerun:
            live.arm(None, [unit for unit in self._run_graph.graph.units if unit is not self._own])
            return
        own, run_graph = self._own, self._run_graph
        if not self._follows_all and not (run_graph.evading or run_graph.has_others_code(own)):
            return  # None of its lines is followed before another element's code runs.
        held = {*run_graph.held_by(own), *run_graph.evading} - {own}
        if held or self._reach.may_change(run_graph.modules_of(own)):
            live.arm(None, held)

    def _arm_for_integration(self, live: LineBlame, unit: Unit, cls: type) -> None:
        """Follow lines from now on if code runs now that may change something past the hooks.

        It runs in a job of another element, whatever plugin that has.
        """
        maker = class_with_member(cls, _INTEGRATE)
        assert maker is not None  # `Element` has it
        if not is_in_buildstream(module_of(maker)) and self._reach.may_change(self._run_graph.modules_of(unit)):
            live.arm(None)


def note_imported(run_graph: RunGraph, modules: list[tuple[types.ModuleType, str | None]]) -> None:
    """These modules were loaded by the calling thread, each for code in the file beside it."""
    if _current is None or get_ident() == _current._main or _current._run_graph is not run_graph:
        run_graph.loaded_aside += modules
    else:
        _current.imported(modules)


@contextmanager
def hooked() -> Iterator[None]:
    """Hook attribute access for the time of the block, unless it is hooked already.

    To change a class makes the interpreter forget all that it has learnt about the attributes of its objects, and the
    next compare look at all classes closely. So it is hooked for a whole run where jobs are threads, and in a worker
    for life.
    """
    global _hooked
    if _hooked:
        yield
        return
    take_off = patches.put_on_each(_HOOKED, _HOOKS)
    _hooked = True
    try:
        yield
    finally:
        _hooked = False
        take_off()


def hook() -> None:
    """Hook attribute access for the life of this process."""
    global _hooked
    if not _hooked:
        patches.put_on_each(_HOOKED, _HOOKS)
        _hooked = True


_hooked = False
_current: Touches | None = None

# Each calls what is below directly, `object`'s own where nothing else is patched: attributes are accessed all the time.


def _getattribute(below: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def __getattribute__(self: Any, name: str) -> Any:
        if _current is not None and id(self) not in _current.quiet:
            _current.note(self, None, name)
        return below(self, name)

    return __getattribute__


def _setattr(below: Callable[[Any, str, Any], None]) -> Callable[[Any, str, Any], None]:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        if _current is not None:
            _current.note(self, name)
        below(self, name, value)

    return __setattr__


def _delattr(below: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def __delattr__(self: Any, name: str) -> None:
        if _current is not None:
            _current.note(self, name)
        below(self, name)

    return __delattr__


_HOOKS: tuple[tuple[str, patches.Wrap], ...] = (
    ("__getattribute__", _getattribute),
    ("__setattr__", _setattr),
    ("__delattr__", _delattr),
)


def _caller() -> FrameType:
    frame = _getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename in _TRANSPARENT_FILES:
        frame = frame.f_back
    return frame
