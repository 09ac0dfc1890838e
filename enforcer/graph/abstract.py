"""Which classes an abstract class has registered: `_abc` keeps that, and shows it as a whole only.

What it has found out by itself, the answers of `isinstance()`, is in the same place and is a memo.
"""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]
import abc
import gc
from collections.abc import Callable
from typing import Any

from enforcer.graph.kinds import Probe
from enforcer.graph.values import class_dict, class_mro, full_class_name

REGISTRY = "._abc_registry"
"""The name of the probe."""


def has_registry(metaclass: type) -> bool:
    """Whether classes of `metaclass` have a registry, and asking for it runs nobody's code."""
    if not issubclass(metaclass, abc.ABCMeta):
        return False
    return next(base for base in class_mro(metaclass) if "__getattribute__" in class_dict(base)) is type


def registry_probe(cls: Any, counts: Callable[[type], bool] = lambda registered: True) -> Probe:
    """The registered classes of the abstract class `cls`, of those that count, in an order of their own."""
    registry = _Registry(cls, counts)
    return Probe(REGISTRY, registry.read, registry.write, cls, abc.get_cache_token)


class _Registry:
    """The registered classes of one abstract class. They are asked for only when some class has registered one."""

    def __init__(self, cls: type, counts: Callable[[type], bool]) -> None:
        self._cls = cls
        self._counts = counts
        self._token: object = None
        self._known: tuple[type, ...] = ()

    def read(self) -> tuple[type, ...]:
        """Those that count."""
        token = abc.get_cache_token()
        if token != self._token:
            self._known = tuple(filter(self._counts, _registered(self._cls)))
            self._token = token
        return self._known

    def write(self, wanted: tuple[type, ...]) -> None:
        """Have these, and all that do not count."""
        self._token = None
        _register(self._cls, (*wanted, *(cls for cls in _registered(self._cls) if not self._counts(cls))))


def _references(cls: type) -> set[Any]:
    found: set[Any] = _abc._get_dump(cls)[0] if "_abc_impl" in class_dict(cls) else set()
    return found


def _registered(cls: type) -> list[type]:
    # The order of a set of weak references is that of their hashes.
    found = [registered for reference in _references(cls) if (registered := reference()) is not None]
    return sorted(found, key=lambda registered: (full_class_name(registered), id(registered)))


def _register(cls: type, wanted: tuple[type, ...]) -> None:
    """Make `wanted` the registered classes, and have answers that rest on others found anew."""
    keep = set(map(id, wanted))
    now = _references(cls)
    held = next(filter(lambda each: _is_same_set(each, now), gc.get_referents(class_dict(cls)["_abc_impl"])), now)
    for reference in now:
        if id(reference()) not in keep:
            held.discard(reference)
    known = {id(reference()) for reference in now}
    for registered in wanted:
        if id(registered) not in known:
            _abc._abc_register(cls, registered)
    for base in class_mro(cls):
        if "_abc_impl" in class_dict(base):
            _abc._reset_caches(base)


def _is_same_set(value: Any, references: set[Any]) -> bool:
    return type(value) is set and {*map(id, value)} == {*map(id, references)}
