"""Where plugin code first reached into foreign state, and where it assigned to an attribute.

While a job's action runs, attribute access on plugins, projects and the context passes through
here. The hooks only look: values and exceptions are those of stock BuildStream.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from buildstream import _elementproxy, _pluginproxy
from buildstream._context import Context
from buildstream._project import Project
from buildstream.plugin import Plugin

if TYPE_CHECKING:
    from enforcer.bst.world import World
    from enforcer.graph.unit import Unit

# A proxy hands each call on: the line that called the proxy is the one that reached.
_TRANSPARENT_FILES = frozenset({_pluginproxy.__file__, _elementproxy.__file__, __file__})
_HOOKED: tuple[type, ...] = (Plugin, Project, Context)


class Place(NamedTuple):
    """A line of code that ran."""

    file: str
    line: int
    function: str


class Touches:
    """What one job touched outside of `own`, and where plugin code did.

    Args:
        reached: called once for each foreign unit, before anybody sees anything of it.

    Attributes:
        units: the units of which anybody accessed a root, core included.
    """

    def __init__(self, world: World, own: Unit, reached: Callable[[Unit], None]) -> None:
        self._world = world
        self._reached = reached
        self._own = own
        self._main = threading.main_thread().ident
        self._roots = world.graph.registry.roots
        # A running function that no plugin code called: core reaches for many things in a row.
        self._without_plugin: FrameType | None = None
        self._direct: dict[Unit, Place] = {}
        self._indirect: dict[Unit, Place] = {}
        self._writes: dict[tuple[int, str], Place] = {}
        self.units: set[Unit] = set()
        # Roots of which nothing more is to be learnt from another access.
        self.quiet: set[int] = {id(root) for root, _ in own.roots}

    def obtained(self, unit: Unit) -> Place | None:
        """The first line of plugin code that reached into `unit`, else the first that made core do so."""
        return self._direct.get(unit) or self._indirect.get(unit)

    def written(self, obj: object, name: str) -> Place | None:
        """The last line of plugin code that assigned to this attribute."""
        return self._writes.get((id(obj), name))

    def note(self, obj: object, written: str | None) -> None:
        """`obj` is accessed (or its attribute `written` assigned to) by the calling frame's caller."""
        unit = self._roots.get(id(obj))
        if unit is None or unit is self._own or threading.get_ident() == self._main:
            return
        if unit not in self.units:
            self.units.add(unit)
            self._reached(unit)
        if written is None and unit in self._direct:
            self.quiet.add(id(obj))
            return
        frame = _caller()
        if frame.f_code.co_filename in self._world.plugin_files:
            place = _place(frame)
            self._direct.setdefault(unit, place)
            if written is not None:
                self._writes[id(obj), written] = place
        elif unit not in self._indirect and frame is not self._without_plugin:
            place_above = _first_plugin_place(frame, self._world)
            if place_above is not None:
                self._indirect[unit] = place_above
            else:
                self._without_plugin = frame

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what happens in the time of the block."""
        global _current
        with hooked():
            _current = self
            try:
                yield
            finally:
                _current = self._without_plugin = None


@contextmanager
def hooked() -> Iterator[None]:
    """Hook attribute access for the time of the block, unless it is hooked for life.

    In a worker it is: to change a class makes the interpreter forget all that it has learnt about the attributes of its
    objects.
    """
    if vars(Plugin).get("__getattribute__") is _getattribute:
        yield
        return
    hook()
    try:
        yield
    finally:
        for cls in _HOOKED:
            del cls.__getattribute__, cls.__setattr__, cls.__delattr__


def hook() -> None:
    """Hook attribute access for the life of this process."""
    for cls in _HOOKED:
        cls.__getattribute__ = _getattribute  # type: ignore[method-assign,assignment]
        cls.__setattr__ = _setattr  # type: ignore[method-assign,assignment]
        cls.__delattr__ = _delattr  # type: ignore[method-assign,assignment]


_current: Touches | None = None


def _getattribute(self: Any, name: str) -> Any:
    if _current is not None and id(self) not in _current.quiet:
        _current.note(self, None)
    return object.__getattribute__(self, name)


def _setattr(self: Any, name: str, value: Any) -> None:
    if _current is not None:
        _current.note(self, name)
    object.__setattr__(self, name, value)


def _delattr(self: Any, name: str) -> None:
    if _current is not None:
        _current.note(self, name)
    object.__delattr__(self, name)


def _caller() -> FrameType:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename in _TRANSPARENT_FILES:
        frame = frame.f_back
    return frame


def _first_plugin_place(frame: FrameType | None, world: World) -> Place | None:
    files = world.plugin_files
    while frame is not None:
        if frame.f_code.co_filename in files:
            return _place(frame)
        frame = frame.f_back
    return None


def _place(frame: FrameType) -> Place:
    return Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
