"""Which objects the main thread assigns to between jobs, so that the other processes can be told."""

from __future__ import annotations

from typing import Any

from buildstream._artifact import Artifact
from buildstream._context import Context
from buildstream._elementsources import ElementSources
from buildstream._project import Project
from buildstream._projectrefs import ProjectRefs
from buildstream._workspaces import Workspace, Workspaces
from buildstream.plugin import Plugin

from enforcer.bst.wire import LOCAL_ATTRIBUTES

_HOOKED: tuple[type, ...] = (Plugin, Artifact, ElementSources, Context, Project, ProjectRefs, Workspaces, Workspace)


class AssignedObjects:
    """Collects the objects whose attributes are assigned or deleted while it watches."""

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}

    def watch(self) -> None:
        """Begin."""
        objects = self._objects

        def setattr_(self: Any, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)
            if name not in LOCAL_ATTRIBUTES:
                objects[id(self)] = self

        def delattr_(self: Any, name: str) -> None:
            object.__delattr__(self, name)
            objects[id(self)] = self

        for cls in _HOOKED:
            cls.__setattr__ = setattr_  # type: ignore[method-assign,assignment]
            cls.__delattr__ = delattr_  # type: ignore[method-assign,assignment]

    @staticmethod
    def unwatch() -> None:
        """End; the classes are as they were."""
        for cls in _HOOKED:
            del cls.__setattr__, cls.__delattr__

    def add(self, obj: Any) -> None:
        """Count `obj` as assigned to."""
        self._objects[id(obj)] = obj

    def take(self) -> list[Any]:
        """The objects since the last call."""
        objects = list(self._objects.values())
        self._objects.clear()
        return objects
