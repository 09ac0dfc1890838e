"""What plugin modules and their classes hold that is a lock, has locks, or will: tables that code adds locks to."""

from __future__ import annotations

import functools
import threading
import types
import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from buildstream.element import Element
from buildstream.plugin import Plugin
from buildstream.source import Source

from enforcer.blame.code import all_classes_of, functions_inside, held_by
from enforcer.blame.naming import Naming
from enforcer.bst.elements import names
from enforcer.graph.values import class_dict, is_one_of, module_of, vars_of
from enforcer.results.findings import Owner

_PLAIN_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_LOCKS = (*_PLAIN_LOCKS, threading.Condition, threading.Semaphore)
_FACTORIES = (threading.Lock, threading.RLock, threading.Condition, threading.Semaphore, threading.BoundedSemaphore)
_FACTORY_NAMES = frozenset({"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"})
_DICTIONARIES = (dict, OrderedDict, defaultdict)
_OF_BUILDSTREAM = frozenset[str]().union(*(class_dict(cls) for cls in (Plugin, Element, Source)))
"""Methods of these names are called for other things than for a lock."""


class LockHolder(NamedTuple):
    """A lock, a table of locks, or an object that has one, by its name in the module or class that holds it.

    Attributes:
        value: it, alive, so that its identity stays its own.
        sure: whether it has locks; else there is code that may add some.
    """

    owner: Owner
    name: str
    value: Any
    sure: bool = True


def is_plain_lock(value: object) -> bool:
    """Whether `value` is a `threading.Lock` or `RLock`."""
    return issubclass(type(value), _PLAIN_LOCKS)


def lock_holders(
    modules: list[types.ModuleType], naming: Naming, learnt: Collection[tuple[Owner, str]] = ()
) -> dict[int, LockHolder]:
    """What the modules hold, by identity: what has two names is one.

    Args:
        naming: of these modules.
        learnt: owners and names of tables that a job was seen to add a lock to.
    """
    makers = _Makers(modules, naming)
    found: dict[int, LockHolder] = {}
    for owner, name, value in _members(modules, naming):
        sure = (owner, name) in learnt or makers.has_locks(value)
        if sure or makers.may_add_locks(name, value):
            found.setdefault(id(value), LockHolder(owner, name, value, sure))
    return found


def _members(modules: list[types.ModuleType], naming: Naming) -> Iterator[tuple[Owner, str, Any]]:
    """What outlives a job, with who holds it and its name there: globals, class attributes, what functions keep."""
    for module in modules:
        owner = Owner("module", names.module_name(module.__name__))
        yield from ((owner, name, value) for name, value in _named(vars(module)))
    for module in modules:
        for cls in all_classes_of(module):
            owner = Owner("class", names.shown_class_name(cls))
            yield from ((owner, name, value) for name, value in _named(class_dict(cls)))
    for module, name, value in naming.named_of_imported():
        if _any_lock([value]):
            yield Owner("module", names.module_name(str(vars(module).get("__name__")))), name, value
    for function in naming.functions:
        owner = Owner("module", names.module_name(str(function.__globals__.get("__name__"))))
        yield from ((owner, f"{function.__name__}.{name}", value) for name, value in held_by(function).items())


def _named(members: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Those whose name is a text: whatever else is a key there may be a plugin's object, and have a hash of its own."""
    return ((name, value) for name, value in members.items() if type(name) is str)


class _Makers:
    """The functions that make locks, and what these may be for."""

    def __init__(self, modules: list[types.ModuleType], naming: Naming) -> None:
        self._modules = {module.__name__ for module in modules}
        self._functions = _makers(modules, naming)
        self._named = {name for function in self._functions.values() for name in naming.names(function)}
        self._reached = {id(value) for function in self._functions.values() for value in naming.values(function)}

    def has_locks(self, value: Any) -> bool:
        """Whether `value` is a lock, has some, as objects of plugins may, or makes them, as a `defaultdict` does."""
        kind = type(value)
        if is_one_of(kind, _DICTIONARIES):
            return _any_lock(dict.values(value)) or (kind is defaultdict and self._is_one(value.default_factory))
        if is_one_of(kind, (list, tuple)):
            return _any_lock(value)
        if kind is functools._lru_cache_wrapper:
            return self._is_one(value.__wrapped__)
        return _any_lock([value]) or (self._is_helper(kind) and _any_lock(_attributes(value)))

    def may_add_locks(self, name: str, value: Any) -> bool:
        """Whether `value` is an empty table that one of the functions names, or an object of which one is a method."""
        if not self._functions:
            return False
        kind = type(value)
        if self._is_helper(kind):
            members = class_dict(kind).values()
            return any(self._is_one(function) for member in members for function in functions_inside(member))
        empty = is_one_of(kind, _DICTIONARIES) and not dict.__len__(value)
        return (empty or kind is weakref.WeakValueDictionary) and (id(value) in self._reached or name in self._named)

    def _is_one(self, function: object) -> bool:
        return is_one_of(function, _FACTORIES) or id(function) in self._functions

    def _is_helper(self, kind: type) -> bool:
        return module_of(kind) in self._modules and not issubclass(kind, (type, Plugin))


def _any_lock(values: Iterable[Any]) -> bool:
    return any(issubclass(type(value), _LOCKS) for value in values)


def _attributes(obj: Any) -> Collection[Any]:
    try:
        return vars_of(obj).values()
    except AttributeError:  # all of its attributes are slots
        return ()


def _makers(modules: list[types.ModuleType], naming: Naming) -> dict[int, types.FunctionType]:
    """The functions that make locks, or call what does: by its name in its own module, by itself in others."""
    imported = (name for module in modules for name, value in vars(module).items() if is_one_of(value, _FACTORIES))
    factories = _FACTORY_NAMES.union(imported)
    left = {id(function): function for function in naming.functions}
    found: dict[int, types.FunctionType] = {}
    new = {key: function for key, function in left.items() if not factories.isdisjoint(naming.names(function))}
    while new:
        found |= new
        left = {key: function for key, function in left.items() if key not in new}
        called = {(id(maker.__globals__), maker.__name__) for maker in new.values() if _is_asked_for_locks(maker)}
        new = {key: function for key, function in left.items() if _calls(function, naming, called, new)}
    return found


def _is_asked_for_locks(maker: types.FunctionType) -> bool:
    return maker.__name__ not in _OF_BUILDSTREAM and not maker.__name__.startswith("__")


def _calls(function: types.FunctionType, naming: Naming, called: set[tuple[int, str]], makers: Collection[int]) -> bool:
    space = id(function.__globals__)
    beside = any((space, name) in called for name in naming.names(function))
    return beside or any(id(value) in makers for value in naming.values(function))
