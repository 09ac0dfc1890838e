"""Which objects the main thread assigns to between jobs, so that the other processes can be told."""

from __future__ import annotations

from typing import Any, NamedTuple

from buildstream._artifact import Artifact
from buildstream._context import Context
from buildstream._elementsources import ElementSources
from buildstream._project import Project
from buildstream._projectrefs import ProjectRefs
from buildstream._workspaces import Workspace, Workspaces
from buildstream.plugin import Plugin

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

    def watch(self) -> None:
        """Begin."""
        objects = self._objects

        def note(obj: Any, name: str) -> None:
            known = objects.get(id(obj))
            if known is None:
                known = objects[id(obj)] = Assigned(obj, set())
            known.names.add(name)

        def setattr_(self: Any, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)
            if name not in LOCAL_ATTRIBUTES:
                note(self, name)

        def delattr_(self: Any, name: str) -> None:
            object.__delattr__(self, name)
            note(self, name)

        for cls in _HOOKED:
            cls.__setattr__ = setattr_  # type: ignore[method-assign,assignment]
            cls.__delattr__ = delattr_  # type: ignore[method-assign,assignment]

    @staticmethod
    def unwatch() -> None:
        """End; the classes are as they were."""
        for cls in _HOOKED:
            del cls.__setattr__, cls.__delattr__

    def take(self) -> list[Assigned]:
        """What was assigned since the last call."""
        found = list(self._objects.values())
        self._objects.clear()
        return found
