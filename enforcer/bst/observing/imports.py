"""Modules of plugins that are loaded while a scheduler run is under way: what has changed of them since is known, too.

What a module is when its import is over is what it would have been in any other job. So that is what to compare with;
what a job writes there later is found like a write on any other module.
"""

from __future__ import annotations

import functools
import importlib
import os
import threading
import types
from collections.abc import Callable
from sys import _getframe
from typing import TYPE_CHECKING, Any

import pluginbase

from enforcer.bst.observing import touches

if TYPE_CHECKING:
    from enforcer.bst.elements.run_graph import RunGraph

_IMPORT_SYSTEMS = ("<frozen importlib", os.path.join(os.path.dirname(importlib.__file__), ""), pluginbase.__file__)
_Imported = list[tuple[types.ModuleType, "str | None"]]


class _Here(threading.local):
    """What one thread is importing: how many modules inside of each other, and those that are done."""

    def __init__(self) -> None:
        self.depth = 0
        self.done: _Imported = []


_here = _Here()


def noting(original: Callable[..., None], run_graph: Callable[[], RunGraph | None]) -> Callable[..., None]:
    """Execute a module, and have the graph take it up when the outermost import is over."""

    @functools.wraps(original)
    def exec_module(loader: Any, module: types.ModuleType) -> None:
        importer = _importing_file()
        place = len(_here.done)
        _here.depth += 1
        try:
            original(loader, module)
            # What imports comes before what it imports.
            _here.done.insert(place, (module, importer))
        finally:
            _here.depth -= 1
            if _here.depth == 0:
                done, _here.done = _here.done, []
                graph = run_graph()
                if graph is not None:
                    touches.note_imported(graph, done)

    return exec_module


def _importing_file() -> str | None:
    """The file of the code that imports: the nearest that is no part of an import system."""
    frame: types.FrameType | None = _getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_IMPORT_SYSTEMS):
        frame = frame.f_back
    return None if frame is None else frame.f_code.co_filename
