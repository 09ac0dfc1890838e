"""Which plugin did it: the one whose method runs, told by the object on the stack, or by the file that a line is in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from itertools import chain
from sys import getprofile, getrefcount, gettrace
from threading import get_ident
from types import CodeType, FrameType
from typing import Any

from buildstream.element import Element
from buildstream.plugin import Plugin
from buildstream.source import Source

from enforcer.blame.code import functions_inside
from enforcer.blame.place import Place
from enforcer.bst.elements import names
from enforcer.bst.elements.parts import sources_of
from enforcer.bst.observing.left_running import thread_of
from enforcer.graph.values import class_dict, class_mro, vars_of
from enforcer.results.findings import Maker


def maker_of(plugin: Any, shown: Callable[[str], str]) -> Maker:
    """A plugin as findings name it, without running code of its class; a clone of a source counts as the source.

    `shown` gives the name of a file.
    """
    cls, attributes = type(plugin), vars_of(plugin)
    name, source = names.full_name(plugin), None
    if issubclass(cls, Source):
        source = attributes.get("_Source__element_index")
    elif not issubclass(cls, Element):
        name = names.mirror_name(plugin)
    file = names.plugin_file(cls)
    return Maker(name, str(attributes["_Plugin__kind"]), source, shown(file) if file else None)


class Makers:
    """The plugins that can run in one job.

    Args:
        element: the job's.
        files: the names of the files of plugin code.
        first: those of them whose plugins count where others, which these have called, run.
        action: the scheduler's name of the job.
        shown: gives the name of a file.
    """

    def __init__(
        self,
        element: Any,
        files: Collection[str],
        first: Collection[str],
        action: str,
        shown: Callable[[str], str],
    ) -> None:
        self._element = element
        self._action = action
        self._shown = shown
        self._files = (first, files)
        self._known: dict[int, tuple[Any, Maker]] = {}
        self._methods: dict[tuple[int, int], tuple[CodeType, bool]] = {}
        # For each thread that plugin code started, by the identity of its object.
        self._threads: dict[int, Maker] = {}

    def running(self, frame: FrameType | None, ident: int | None = None) -> Maker | None:
        """The plugin whose method runs in `frame`, or called what does; None where nobody's does.

        In a thread without any it is the plugin that started the thread: the present one, or that of this identifier.
        """
        for files in self._files:
            plugin = self._nearest(frame, files)
            if plugin is not None:
                return self._maker_of(plugin)
        return self._threads.get(id(thread_of(ident or get_ident())))

    def _nearest(self, frame: FrameType | None, files: Collection[str]) -> Any:
        """The plugin of the nearest method that is in these files."""
        while frame is not None:
            plugin = self._method_of(frame) if frame.f_code.co_filename in files else None
            if plugin is not None:
                return plugin
            frame = frame.f_back
        return None

    def _maker_of(self, plugin: Any) -> Maker:
        if id(plugin) not in self._known:
            self._known[id(plugin)] = plugin, maker_of(plugin, self._shown)
        return self._known[id(plugin)][1]

    def _method_of(self, frame: FrameType) -> Any:
        """The plugin of which a running function is a method, or None."""
        plugin, code = _first_argument(frame), frame.f_code
        cls = type(plugin)
        if not issubclass(cls, Plugin):
            return None
        key = (id(code), id(cls))
        if key not in self._methods:
            self._methods[key] = code, _is_method(code, cls)
        return plugin if self._methods[key][1] else None

    def starts(self, thread: threading.Thread, frame: FrameType) -> None:
        """The function that runs in `frame` is about to start a thread."""
        maker = self.running(frame)
        if maker is None:
            self._threads.pop(id(thread), None)
        else:
            self._threads[id(thread)] = maker

    def by_file(self, place: Place | None) -> Maker | None:
        """The job's element or the one of its sources whose class is defined in the file of this line."""
        plugins = [self._element, *sources_of(self._element)]
        own = [] if place is None else [plugin for plugin in plugins if place.file in _files_of(type(plugin))]
        return self._maker_of(own[0]) if len(own) == 1 else None

    def only(self) -> Maker | None:
        """The plugin of which alone a method can run in the job, if there is one: Track and Fetch are for sources."""
        sources = sources_of(self._element) if self._action in ("Track", "Fetch") else []
        return self._maker_of(sources[0]) if len(sources) == 1 else None

    def of_own(self, root: Any, place: Place | None) -> Maker:
        """The plugin that changed own state at this line: the one that holds it, unless the file is another's."""
        if place is None or place.file in _files_of(type(root)):
            return self._maker_of(root)
        return self.by_file(place) or self._maker_of(root)


def _files_of(cls: type) -> set[str | None]:
    """The files of a plugin's class and of those that it inherits from."""
    return {names.plugin_file(base) for base in class_mro(cls)}


def _is_method(code: CodeType, cls: type) -> bool:
    """Whether this is the code of a method of the class; most have the name of their function."""
    spaces = [class_dict(base) for base in class_mro(cls)]
    named = (space.get(code.co_name) for space in spaces)
    members = chain(named, (member for space in spaces for member in space.values()))
    return any(function.__code__ is code for member in members for function in functions_inside(member))


def _first_argument(frame: FrameType) -> Any:
    """What the first parameter of a running function holds."""
    if not frame.f_code.co_argcount:
        return None
    variables = frame.f_locals
    value = variables.get(frame.f_code.co_varnames[0])
    # Before Python 3.13 the frame keeps this copy, and with it what its variables held.
    if type(variables) is dict and not _is_written_back(frame) and getrefcount(variables) == _OURS_ALONE:
        variables.clear()
    return value


def _is_written_back(frame: FrameType) -> bool:
    """Whether the copy may become the variables again: that happens after each call of a trace or profile function."""
    return gettrace() is not None or getprofile() is not None or frame.f_trace is not None


_OURS_ALONE = 3
"""References to a copy of variables that nobody else has asked for: the frame's, the name's, and the one counted."""
