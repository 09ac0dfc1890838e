"""How BuildStream's objects travel between the processes of one run.

`BstWire` completes the form of `enforcer.graph.delta`, for processes that were forked from one. It adds one sort of
names and three ways to pickle; most of what belongs to BuildStream has a name already, for it is older than the fork.

    proxy of an element      the name ("proxy", unique id of the element it was made for, that of the one behind it);
                             where there is no such proxy yet, it is made
    message of protobuf      _message(full name of its type, its bytes, deterministic); it may lack required fields
    node of a file known     _node(class, file index, line, column, value); such files were loaded before the fork, or
      before the fork        stand for none, and their indices are the same everywhere
    node of a later file     _node_of_file(this wire, class, short name of the file, its project, line, column, value);
                             the wire and the project by name. The reader gives the file an index of its own, once

A node's value is what the node holds (a string, a list or dict of nodes), pickled in turn.

`pickle.PicklingError`, and so a refused change, is what other plugins, projects, the context and everything where the
walk of the graph ends come to, if they are younger than the fork: they stay in their process. A sandbox configuration
is such an end, too, but is pickled as any object. Attributes in `LOCAL_ATTRIBUTES` are never sent, and nobody misses
them.
"""

from __future__ import annotations

import os
import pickle
from typing import Any

from buildstream import _yaml
from buildstream._context import Context
from buildstream._elementproxy import ElementProxy
from buildstream._project import Project
from buildstream.node import Node
from buildstream.plugin import Plugin
from buildstream.sandbox._config import SandboxConfig
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from enforcer.graph.policy import Policy
from enforcer.graph.values import full_class_name

LOCAL_ATTRIBUTES = frozenset(
    f"_Element__{name}"
    for name in (
        # Callbacks into the scheduler's queues.
        *("required_callback", "can_query_cache_callback", "buildable_callback"),
        # What only the main thread keeps, to schedule by; no job reads it.
        *("build_deps_uncached", "runtime_deps_uncached", "ready_for_runtime_and_cached"),
        *("required", "assemble_scheduled"),
    )
)
"""Attributes of elements that are the main process's own."""


class BstWire:
    """See `enforcer.graph.policy.Wire`. Made before the fork: what it knows then, all processes know.

    Attributes:
        filled: elements that were given a proxy because a delta names it.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known_files = _file_index(_yaml.load(os.devnull, shortname=""))
        self._files: dict[tuple[Any, ...], int] = {}
        self.filled: list[Any] = []

    def is_local(self, obj: object, name: object) -> bool:
        """Scheduler callbacks and counters."""
        return type(name) is str and name in LOCAL_ATTRIBUTES

    def name_of(self, obj: object) -> tuple[Any, ...] | None:
        """A proxy is named by whom it was made for and what it stands for."""
        if type(obj) is not ElementProxy:
            return None
        attributes = object.__getattribute__(obj, "__dict__")
        return ("proxy", attributes["_owner"]._unique_id, attributes["_plugin"]._unique_id)

    def find(self, name: Any) -> Any:
        """The proxy of that name, made as core makes it if this process has none yet."""
        if type(name) is not tuple or name[0] != "proxy":
            raise KeyError(name)
        owner, plugin = Plugin._lookup(name[1]), Plugin._lookup(name[2])
        proxies = plugin._Element__proxies
        if owner not in proxies:
            proxies[owner] = ElementProxy(owner, plugin)
            self.filled.append(plugin)
        return proxies[owner]

    def reduce(self, obj: Any) -> Any:
        """Protobufs by their bytes, nodes with the file that they are from; what has no place elsewhere is refused."""
        cls = type(obj)  # not isinstance: it asks `__class__`, which may be a plugin's property
        if issubclass(cls, Message):
            return _message, (obj.DESCRIPTOR.full_name, obj.SerializePartialToString(deterministic=True))
        if issubclass(cls, Node):
            return self._reduce_node(obj)
        if issubclass(cls, (Plugin, Project, Context)) or (not issubclass(cls, type) and self._is_border(cls)):
            raise pickle.PicklingError(f"a {full_class_name(cls)} stays in its process")
        return NotImplemented

    def _is_border(self, cls: type) -> bool:
        return cls is not SandboxConfig and self._policy.is_border(cls)

    def _reduce_node(self, node: Any) -> Any:
        _, (cls, index, line, column, value) = node.__reduce__()
        if index < self._known_files:
            return _node, (cls, index, line, column, value)
        # The file was loaded after the fork: its number means another file in another process.
        provenance = node.get_provenance()
        return _node_of_file, (self, cls, provenance._shortname, provenance._project, line, column, value)

    def file_index(self, file: str, project: Any) -> int:
        """This process's number of a file that another one has loaded."""
        key = (file, id(project))
        if key not in self._files:
            self._files[key] = _file_index(_yaml.load(os.devnull, shortname=file, project=project))
        return self._files[key]


def _file_index(node: Any) -> int:
    return int(node.__reduce__()[1][1])


def _node(cls: Any, index: int, line: int, column: int, value: Any) -> Any:
    return cls.__new__(cls, index, line, column, value)


def _node_of_file(wire: BstWire, cls: Any, file: str, project: Any, line: int, column: int, value: Any) -> Any:
    return _node(cls, wire.file_index(file, project), line, column, value)


def _message(full_name: str, content: bytes) -> Message:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(full_name)
    message: Message = message_factory.GetMessageClass(descriptor)()
    message.ParseFromString(content)
    return message
