"""Which jobs can come to a lock that plugins share, told from code before any of it runs.

A job runs what BuildStream calls of the plugins of its element, and a Build what it may call of those below it. From
there the search goes on by name: a method of a plugin, or of a class that code names, can run where some code that can
run names it. So it finds too much rather than too little, and a lock that only `fetch()` comes to is none of a Build.
"""

from __future__ import annotations

import abc
import types
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from typing import Any, Generic, Protocol

from buildstream.element import Element
from buildstream.source import Source, SourceFetcher
from buildstream.sourcemirror import SourceMirror

from enforcer.blame.code import parts_of
from enforcer.bst.elements.parts import dependencies_of, sources_of
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.observing.lock_holders import LockHolder
from enforcer.bst.observing.locks import SharedLocks
from enforcer.graph.values import ATOMIC_IDS, class_dict, class_mro, identity, is_class, is_one_of, module_of, vars_of

_ASSEMBLING = frozenset({"configure_sandbox", "stage", "assemble"})
_STAGING = frozenset({"stage", "stage_directory", "validate_cache"})
_WORKSPACE = frozenset({"init_workspace", "init_workspace_directory"})
_BUILDING = _ASSEMBLING | {"integrate", "generate_script"}

Names = frozenset[str]
Never = Mapping[type, Names]
"""The methods that are not called, by the class of BuildStream that has them."""

# Read off BuildStream 2.5 to 2.8: what is never called in a job of that action.
_NEVER: Mapping[str, Never] = {
    "Track": {
        Element: _BUILDING,
        Source: _STAGING | _WORKSPACE | {"fetch", "get_source_fetchers"},
        SourceFetcher: frozenset({"fetch"}),
    },
    "Fetch": {Element: _BUILDING, Source: _WORKSPACE | {"track"}},
    "Build": {Source: _STAGING | _WORKSPACE | {"fetch", "track"}, SourceFetcher: frozenset({"fetch"})},
}
_NEVER_AFTER_OTHERS: Never = {Element: _BUILDING, Source: _WORKSPACE}
"""In a Track job of a source that wants those before it fetched and staged."""
_NEVER_BELOW: Never = {**_NEVER["Build"], Element: _ASSEMBLING}
"""In a Build job, of what its element depends on."""
_AFTER_OTHERS = "BST_REQUIRES_PREVIOUS_SOURCES_TRACK"

_ALWAYS = frozenset({"get_unique_key"})
"""What enforcement itself calls after each job, all that there is for actions that run no other plugin code."""
_HARMLESS = (object, abc.ABC, Generic, Protocol)
"""Bases that call no method of their subclasses."""


class LockUsers:
    """Which of the locks that plugins share the jobs of an element can come to."""

    def __init__(self, run_graph: RunGraph, locks: SharedLocks) -> None:
        self._code = _Code(locks)
        self._holders = locks.holders
        mirrors = [type(plugin) for plugin in run_graph.plugins if issubclass(type(plugin), SourceMirror)]
        self._mirrors = {id(cls): cls for cls in mirrors}
        self._below: dict[int, dict[int, type]] = {}
        self._found: dict[tuple[Hashable, ...], list[LockHolder]] = {}

    def locks(self, element: Any, action: str) -> list[LockHolder]:
        """What holds the locks that a job of this action can come to."""
        if not self._holders:
            return []
        own = {id(type(plugin)): type(plugin) for plugin in (element, *sources_of(element))}
        own |= self._mirrors if action in _NEVER else {}
        below = self._classes_below(element) if action == "Build" else {}
        never = _never(element, action)
        key = (frozenset(own), frozenset(below), id(never))
        if key not in self._found:
            self._found[key] = self._search(own, below, never)
        return self._found[key]

    def _search(self, own: dict[int, type], below: dict[int, type], never: Never | None) -> list[LockHolder]:
        search = _Search(self._code, partial(self._code.called, never=never))
        for cls in own.values():
            search.enter(cls, self._code.called(cls, never))
        for cls in below.values():
            search.enter(cls, self._code.called(cls, _NEVER_BELOW))
        return [self._holders[key] for key in search.run()]

    def _classes_below(self, element: Any) -> dict[int, type]:
        """The classes of the plugins that an element depends on, as far as any lock can be come to from them."""
        todo = [element]
        while todo:
            here = todo[-1]
            left = [other for other in dependencies_of(here) if id(other) not in self._below]
            todo += left
            if not left:
                self._below[id(here)] = self._below_one(here)
                todo.pop()
        return self._below[id(element)]

    def _below_one(self, element: Any) -> dict[int, type]:
        found: dict[int, type] = {}
        for other in dependencies_of(element):
            found |= self._below[id(other)]
            found |= {
                id(type(each)): type(each) for each in (other, *sources_of(other)) if self._code.leads(type(each))
            }
        return found


def _never(element: Any, action: str) -> Never | None:
    """What is not called in such a job; None where hardly anything is."""
    after_others = action == "Track" and any(map(_wants_others_first, sources_of(element)))
    return _NEVER_AFTER_OTHERS if after_others else _NEVER.get(action)


def _wants_others_first(source: Any) -> bool:
    own = [base for base in class_mro(type(source)) if base is not Source]
    return _AFTER_OTHERS in vars_of(source) or any(_AFTER_OTHERS in class_dict(base) for base in own)


class _Code:
    """The functions and classes of plugin modules, and where the locks are among what these name."""

    def __init__(self, locks: SharedLocks) -> None:
        self._modules = {module.__name__ for module in locks.modules}
        self._naming = locks.naming
        self._functions = {id(function) for function in locks.naming.functions}
        self._locks = locks.holders
        self._parts: dict[int, tuple[Any, list[Any]]] = {}
        self._leads: dict[int, bool] = {}

    def leads(self, cls: type) -> bool:
        """Whether any of its methods can come to a lock."""
        if id(cls) not in self._leads:
            search = _Search(self, lambda cls: None)
            search.enter(cls, None)
            self._leads[id(cls)] = bool(search.run())
        return self._leads[id(cls)]

    def called(self, cls: type, never: Never | None) -> Names | None:
        """The methods of `cls` that are called from outside of plugin code; None for all."""
        if never is None:
            return _ALWAYS
        bases = [base for base in class_mro(cls) if not self.is_own(base) and not is_one_of(base, _HARMLESS)]
        if not all(module_of(base).partition(".")[0] == "buildstream" for base in bases):
            return None
        not_called = Names().union(*(names for base, names in never.items() if issubclass(cls, base)))
        return Names().union(*map(class_dict, bases)) - not_called

    def members(self, cls: type) -> Iterator[tuple[str, Any]]:
        """What plugin code defines in `cls` and its bases."""
        members = (member for base in class_mro(cls) if self.is_own(base) for member in class_dict(base).items())
        return (member for member in members if type(member[0]) is str)

    def is_own(self, cls: type) -> bool:
        """Whether a plugin module defines `cls`."""
        return module_of(cls) in self._modules

    def named(self, function: types.FunctionType) -> tuple[Names, Iterator[Any]]:
        """What a function names: the names, and the values that they have there."""
        return self._naming.names(function), self._naming.values(function)

    def parts(self, value: Any) -> list[Any]:
        """The locks, functions and classes of plugins that `value` is made of."""
        if identity(type(value)) in ATOMIC_IDS:
            return []
        if id(value) not in self._parts:
            self._parts[id(value)] = (value, list(filter(self._matters, parts_of(value))))
        return self._parts[id(value)][1]

    def _matters(self, part: Any) -> bool:
        return self.is_lock(part) or self.is_function(part) or self.is_own(part if is_class(part) else type(part))

    def is_lock(self, value: Any) -> bool:
        """Whether it is a lock, or holds or gets some."""
        return id(value) in self._locks

    def is_function(self, value: Any) -> bool:
        """Whether it is a function of a plugin module."""
        return id(value) in self._functions


class _Search:
    """What can run, and which locks are named in it; `called` says which methods of other classes are called anyway."""

    def __init__(self, code: _Code, called: Callable[[type], Names | None]) -> None:
        self._code = code
        self._called = called
        self._names: set[str] = set()
        self._classes: dict[int, type] = {}
        self._waiting: dict[str, list[Any]] = {}  # members that nobody has named yet
        self._seen: set[int] = set()
        self._todo: list[types.FunctionType] = []
        self._found: dict[int, None] = {}

    def run(self) -> list[int]:
        """The identities of what holds the locks."""
        while self._todo:
            names, values = self._code.named(self._todo.pop())
            for value in values:
                self._reach(value)
            for name in names - self._names:
                self._names.add(name)
                for member in self._waiting.pop(name, ()):
                    self._reach(member)
        return list(self._found)

    def enter(self, cls: type, called: Names | None) -> None:
        """Objects of `cls` are at hand, and these of its methods are called, or all."""
        if id(cls) in self._classes:
            return
        self._classes[id(cls)] = cls
        for name, member in self._code.members(cls):
            if called is None or name in called or name in self._names or name.startswith("__"):
                self._reach(member)
            else:
                self._waiting.setdefault(name, []).append(member)

    def _reach(self, value: Any) -> None:
        for part in self._code.parts(value):
            if id(part) in self._seen:
                continue
            self._seen.add(id(part))
            if self._code.is_lock(part):
                self._found[id(part)] = None
            if self._code.is_function(part):
                self._todo.append(part)
                continue
            cls = part if is_class(part) else type(part)
            if self._code.is_own(cls):
                self.enter(cls, self._called(cls))
