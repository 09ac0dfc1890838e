"""Attribute access passes by here, for the whole of a run that records it."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any

from buildstream._artifact import Artifact
from buildstream._context import Context
from buildstream._elementsources import ElementSources
from buildstream._project import Project
from buildstream._workspaces import Workspace, Workspaces
from buildstream.plugin import Plugin

from enforcer.bst import patches
from enforcer.bst.accesses import recording

_HOOKED: tuple[type, ...] = (Plugin, Project, Context, Artifact, ElementSources, Workspaces, Workspace)


def put_on_classes() -> Callable[[], None]:
    """Put them on; returns what takes them off again. Before the graph is walked: then they are nobody's change."""
    return patches.put_on_each(_HOOKED, _HOOKS)


def _note(obj: Any, name: str, written: bool) -> None:
    if get_ident() == recording.MAIN_THREAD:
        if of_main is not None:
            of_main(obj, name, written)
    elif recording.of_job is not None:
        recording.of_job.note(obj, name, written)


of_main: Callable[[Any, str, bool], None] | None = None
"""Told of what the main thread does; None where nobody asks, as in a process that runs jobs."""


def _getattribute(below: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def __getattribute__(self: Any, name: str) -> Any:
        _note(self, name, False)
        return below(self, name)

    return __getattribute__


def _setattr(below: Callable[[Any, str, Any], None]) -> Callable[[Any, str, Any], None]:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        _note(self, name, True)
        below(self, name, value)

    return __setattr__


def _delattr(below: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def __delattr__(self: Any, name: str) -> None:
        _note(self, name, True)
        below(self, name)

    return __delattr__


_HOOKS: tuple[tuple[str, patches.Wrap], ...] = (
    ("__getattribute__", _getattribute),
    ("__setattr__", _setattr),
    ("__delattr__", _delattr),
)
