"""Which objects belong to a unit, which end the walk, and which can only be asked as a whole."""

from __future__ import annotations

import gc
import logging
import sys
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import NonCallableMock

from buildstream._cas.cascache import _CASCacheUsageMonitor
from buildstream._context import Context
from buildstream._elementproxy import ElementProxy
from buildstream._messenger import Messenger
from buildstream._project import Project
from buildstream._remote import BaseRemote
from buildstream._variables import Variables
from buildstream.node import MappingNode, ProvenanceInformation, ScalarNode, SequenceNode
from buildstream.plugin import Plugin
from google.protobuf.message import Message

from enforcer.bst.elements.core_code import CORE, in_package, is_core, is_in_buildstream
from enforcer.bst.elements.thread_state import ThreadState
from enforcer.graph.graph import COMMON
from enforcer.graph.kinds import Probe
from enforcer.graph.native.table import native_of
from enforcer.graph.values import class_dict, is_class, module_of, qualified_name, vars_of

if TYPE_CHECKING:
    from enforcer.graph.unit import Holder, Unit

# Another world than the element graph: what runs the jobs, shows them, or talks to other processes.
_BORDER_MODULES = (
    "buildstream._scheduler",
    "buildstream._frontend",
    "buildstream._stream",
    "buildstream._state",
    "buildstream._cas.casdprocessmanager",
    "buildstream._loader",
    "buildstream._includes",
    "buildstream._platform",
    "buildstream._signals",
    "buildstream.sandbox",
    "buildstream.storage",
    "buildstream._overlapcollector",
    "pluginbase",
    "grpc",
    "jinja2",
    "asyncio",
    "concurrent",
    "multiprocessing",
    "unittest.mock",
    "enforcer",
    "pytest_plugin",
    "_pytest",
)
_CONTAINERS_BEHIND_BORDERS = ("asyncio.queues", "asyncio.locks")
# Loggers are the process's, whoever keeps one, and each leads to all others.
_BORDER_CLASSES = (BaseRemote, NonCallableMock, _CASCacheUsageMonitor, logging.Logger, logging.Manager)
_LEAF_CLASSES = (ScalarNode, ProvenanceInformation)

# Below a class or module only these are entered beside plugin code's and BuildStream's own objects:
# plain data that a plugin may well use as its global state.
_DATA_MODULES = (
    *("builtins", "collections", "types", "argparse", "dataclasses", "enum", "typing", "functools"),
    *("fractions", "pathlib", "uuid"),
)
# Where the class or module is a plugin's, also what keeps its state in C, and these containers around plain data.
_CONTAINER_MODULES = ("configparser", "queue", "weakref", "_weakrefset", "hmac", "csv", "xml.etree")


class BstPolicy:
    """The answers for the graph of one run; see `enforcer.graph.policy.Policy`.

    Args:
        unit_of: the unit of an element.
        is_plugin_module: whether the module of this name is a plugin's, or one beside it that plugins import.
        unit_of_class: the unit of a class that no module has under its name, met while walking another shared unit.
        owner_among: which of several elements that hold something had it first; None if it is nobody's.
        places_outside: where libraries hold such things.

    Attributes:
        thread_state: what plugins keep for each thread.
    """

    def __init__(
        self,
        unit_of: Callable[[Any], Unit],
        is_plugin_module: Callable[[str], bool],
        unit_of_class: Callable[[type, Unit], Unit | None] = lambda cls, holder: None,
        owner_among: Callable[[object, Collection[Unit]], Unit | None] = lambda obj, holders: None,
        places_outside: Callable[[Mapping[int, object]], dict[int, Holder]] = lambda objects: {},
    ) -> None:
        self._unit_of = unit_of
        self._is_plugin_module = is_plugin_module
        self.unit_of_class = unit_of_class
        self._owner_among = owner_among
        self._places_outside = places_outside
        self.thread_state = ThreadState()

    def is_border(self, cls: type) -> bool:
        """Scheduler, frontend, sandboxes, remotes, mocks, threads' helpers, loggers."""
        module = module_of(cls)
        if module.startswith("pluginbase._internalspace."):
            return False  # a plugin's own class
        if module in _CONTAINERS_BEHIND_BORDERS:
            return False
        return issubclass(cls, _BORDER_CLASSES) or in_package(module, _BORDER_MODULES)

    def is_leaf(self, cls: type) -> bool:
        """Scalars and places in a file: a plugin cannot change them."""
        return issubclass(cls, _LEAF_CLASSES)

    def wrapped(self, cls: type) -> type | None:
        """Nodes are extension objects around one dict or list."""
        if issubclass(cls, MappingNode):
            return dict
        return list if issubclass(cls, SequenceNode) else None

    def probe(self, cls: type) -> Callable[[object], Probe] | None:
        """Protobufs and `Variables` are asked as a whole, and what holds something else in each thread."""
        if issubclass(cls, Message):
            return _message_probe
        if issubclass(cls, Variables):
            return _variables_probe
        return self.thread_state.probe(cls)

    def foreign_root(self, obj: object) -> Unit | None:
        """A proxy belongs to the element that it was made for, wherever it is kept."""
        if type(obj) is ElementProxy:
            return self._unit_of(object.__getattribute__(obj, "_owner"))
        return None

    def is_state(self, cls: type) -> bool:
        """Classes of plugins and of BuildStream; and those that were made on demand, by `type()` or a library.

        What a library's module has under the name of the class is the library's.
        """
        if self.is_border(cls):
            return False
        module = module_of(cls)
        return self._is_plugin_module(module) or is_core(module) or not is_kept(cls)

    def descends(self, unit: Unit, obj: object) -> bool:
        """Elements are entered deeply; below classes and modules only plugin code's and BuildStream's own objects."""
        cls = type(obj)
        if issubclass(cls, (Plugin, Project, Context)):
            return False  # one that this run does not list: a clone, or of another context
        if not unit.shared or unit.kind == COMMON:
            return True
        module = obj.__module__ if type(obj) is types.FunctionType else module_of(cls)
        if type(module) is not str:
            return False
        if self._is_plugin_module(module) or is_in_buildstream(module):
            return True
        if cls is types.FunctionType:
            return module not in sys.modules  # made from a text, as those of named tuples are
        if in_package(module, _DATA_MODULES):
            return True
        if unit.kind not in ("class", "module") or unit.name == CORE:
            return False
        return in_package(module, _CONTAINER_MODULES) or native_of(cls) is not None

    def owner_among(self, obj: object, holders: Collection[Unit]) -> Unit | None:
        """Where it depends on how they were loaded, and on what depends on what."""
        return self._owner_among(obj, holders)

    def places_outside(self, objects: Mapping[int, object]) -> dict[int, Holder]:
        """In libraries: modules of plugins and of BuildStream are units."""
        return self._places_outside(objects)

    def belongs_to_core(self, owner: object, name: str) -> bool:
        """Whether BuildStream's core keeps attribute `name` of a plugin instance."""
        return name in _CORE_NAMES or name.startswith(_CORE_PREFIXES)

    def skipped_names(self, obj: object) -> Iterable[str]:
        """Attributes of roots below which the walk does not go."""
        if issubclass(type(obj), types.ModuleType):
            name = object.__getattribute__(obj, "__dict__").get("__name__")
            return _SIGNAL_STACKS if type(name) is str and name == "buildstream._signals" else _MODULE_SKIPS
        if is_class(obj):
            return _CLASS_SKIPS
        if type(obj) is Messenger:
            return tuple(vars(obj))  # only its own attributes count: the rest is the frontend's
        return ()

    def is_plugin(self, module: str) -> bool:
        """A plugin's, or one beside it."""
        return self._is_plugin_module(module)

    def is_library(self, module: str) -> bool:
        """Neither a plugin's nor BuildStream's."""
        return not self._is_plugin_module(module) and not is_in_buildstream(module)


_CORE_PREFIXES = tuple(f"_{cls}__" for cls in ("Plugin", "Element", "Source", "BuildElement", "ScriptElement"))
_CORE_NAMES = frozenset(
    {
        "_depth",
        "_description",
        "_directory",
        "_message_kwargs",
        "_overlap_collectors",
        "_unique_id",
        "name",
        "normal_name",
        "project_name",
    }
)
_MODULE_SKIPS = ("__builtins__", "__warningregistry__", "__loader__", "__spec__", "__annotations__", "__cached__")
# What each thread pushes while it works and pops when it is done.
_SIGNAL_STACKS = (*_MODULE_SKIPS, "terminator_stack", "suspendable_stack")
_CLASS_SKIPS = ("__doc__", "__weakref__", "__dict__", "__module__", "__abstractmethods__")


def is_kept(cls: type) -> bool:
    """Whether there is the class where it says: in that module, under that name."""
    space: Any = sys.modules.get(module_of(cls))
    members: Any = vars_of(space) if issubclass(type(space), types.ModuleType) else {}
    found: object = None
    for step in qualified_name(cls).split("."):
        found = members.get(step)
        members = class_dict(cast(type, found)) if is_class(found) else {}
    return is_class(found) and found is cls


def _message_probe(message: Any) -> Probe:
    """A protobuf by its bytes."""

    def write(value: bytes) -> None:
        message.ParseFromString(value)

    return Probe("", lambda: message.SerializePartialToString(deterministic=True), write, message)


def _variables_probe(variables: Any) -> Probe:
    """`Variables` hide a node and a dict of resolved values; both are replaced when it is initialised anew."""

    def write(value: tuple[Any, ...]) -> None:
        (original,) = (part for part in value if isinstance(part, MappingNode))
        variables.__init__(original)

    return Probe("", lambda: tuple(gc.get_referents(variables)), write, variables)
