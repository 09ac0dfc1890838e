"""Which objects the main thread assigns to between jobs, so that the other processes can be told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Any, NamedTuple

from buildstream._artifact import Artifact
from buildstream._context import Context
from buildstream._elementsources import ElementSources
from buildstream._project import Project
from buildstream._projectrefs import ProjectRefs
from buildstream._workspaces import Workspace, Workspaces
from buildstream.plugin import Plugin

from enforcer.bst import patches
from enforcer.bst.replicas.pickling import LOCAL_ATTRIBUTES

_HOOKED: tuple[type, ...] = (Plugin, Artifact, ElementSources, Context, Project, ProjectRefs, Workspaces, Workspace)


class Assigned(NamedTuple):
    """An object, and which of its attributes were assigned or deleted."""

    obj: Any
    names: set[str]


class AssignedObjects:
    """Collects the objects whose attributes are assigned or deleted while it watches."""

    def __init__(self) -> None:
        self._objects: dict[int, Assigned] = {}
        self._hooks = ExitStack()

    def watch(self) -> None:
        """Note each assignment from now on: hooks are put on the classes."""
        objects = self._objects

        def note(obj: Any, name: str) -> None:
            known = objects.get(id(obj))
            if known is None:
                known = objects[id(obj)] = Assigned(obj, set())
            known.names.add(name)

        # One function for all classes that inherit the same: the walk meets it, and counts it as opaque.
        @cache
        def noting_setattr(below: Callable[[Any, str, Any], None]) -> Callable[[Any, str, Any], None]:
            def __setattr__(self: Any, name: str, value: Any) -> None:
                below(self, name, value)
                if name not in LOCAL_ATTRIBUTES:
                    note(self, name)

            return __setattr__

        @cache
        def noting_delattr(below: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
            def __delattr__(self: Any, name: str) -> None:
                below(self, name)
                note(self, name)

            return __delattr__

        for cls in _HOOKED:
            self._hooks.callback(patches.put_on(cls, "__setattr__", noting_setattr))
            self._hooks.callback(patches.put_on(cls, "__delattr__", noting_delattr))
        _watching.append(self)

    def unwatch(self) -> None:
        """End; what this one did to the classes is undone."""
        self._hooks.close()
        _watching[:] = [other for other in _watching if other is not self]

    def take_assigned(self) -> list[Assigned]:
        """What was assigned since the last call."""
        found = list(self._objects.values())
        self._objects.clear()
        return found


def unwatch_all() -> None:
    """End all watching, for a forked process: nobody there asks what was assigned."""
    for assigned in list(_watching):
        assigned.unwatch()


_watching: list[AssignedObjects] = []
