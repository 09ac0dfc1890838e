"""What plugins keep for each thread: `threading.local` and `ContextVar`.

BuildStream runs its jobs in threads that it uses again, so what one job leaves there a later one finds, or not. It can
only be asked for in the thread itself. So it is looked at when a job begins, in the thread of the job; what is read
later in this thread says what is different from then, and what is read in any other says nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from enforcer.graph.equal import equal_plain
from enforcer.graph.kinds import CannotRestore, Probe
from enforcer.graph.values import is_one_of

_MAX_DEPTH = 20
_UNSET = object()


class _Seen(NamedTuple):
    """What a thread had in one such object when its job began.

    Attributes:
        held: the very objects.
        copy: the same, but for plain containers, which are copies.
        told: what was last found to be there instead.
    """

    held: dict[str, Any]
    copy: dict[str, Any]
    told: dict[str, Any]


class ThreadState:
    """The objects of one run that hold something else in each thread."""

    def __init__(self) -> None:
        self._probes: list[Any] = []
        self._begun = threading.local()

    def probe(self, cls: type) -> Callable[[object], Probe] | None:
        """What makes the probe of an object of `cls`, if it is such a class.

        One that derives from `threading.local` is none: its `__init__` runs in each thread that asks for attributes.
        """
        return self._make if is_one_of(cls, (threading.local, ContextVar)) else None

    def begin(self) -> None:
        """A job begins in this thread."""
        self._begun.seen = {id(obj): _seen(obj) for obj in self._probes}

    def _make(self, obj: Any) -> Probe:
        self._probes.append(obj)
        name = ".get()" if type(obj) is ContextVar else ""
        return Probe(name, lambda: self._different(obj), lambda _: self._put_back(obj), obj)

    def _before(self, obj: Any) -> _Seen | None:
        found: _Seen | None = getattr(self._begun, "seen", {}).get(id(obj))
        return found

    def _different(self, obj: Any) -> Any:
        """What this thread has there now; None while that is what it had."""
        before = self._before(obj)
        if before is None:
            return None
        now = _held(obj)
        if now.keys() == before.held.keys() and all(_alike(now[name], before, name) for name in now):
            return None
        if not equal_plain(before.told, now):
            # Once told it is the same value, until there is something else.
            before.told.clear()
            before.told.update(now)
        return before.told.get("") if type(obj) is ContextVar else before.told

    def _put_back(self, obj: Any) -> None:
        before = self._before(obj)
        if before is None:
            return
        for name, value in before.held.items():
            if before.copy[name] is not value:
                _fill(value, before.copy[name])
        if type(obj) is ContextVar:
            if _held(obj) != {} and not before.held:
                raise CannotRestore("ContextVar")  # only who has set it can unset it
            if before.held and obj.get() is not before.held[""]:
                obj.set(before.held[""])
            return
        attributes = obj.__dict__
        attributes.clear()
        attributes.update(before.held)


def _held(obj: Any) -> dict[str, Any]:
    if type(obj) is ContextVar:
        value = obj.get(_UNSET)
        if value is _UNSET:
            value = _default(obj)
        return {} if value is _UNSET else {"": value}
    return dict(obj.__dict__)


def _default(var: Any) -> Any:
    """`get` with an argument does not tell the default value that the variable was made with."""
    try:
        return var.get()
    except LookupError:
        return _UNSET


def _seen(obj: Any) -> _Seen:
    held = _held(obj)
    if type(obj) is ContextVar and obj.get(_UNSET) is _UNSET:
        return _Seen(held, held, {})  # what is in a default value is every thread's
    return _Seen(held, {name: _copy(value) for name, value in held.items()}, {})


def _alike(value: Any, before: _Seen, name: str) -> bool:
    return value is before.held[name] and _is_plain(value) <= equal_plain(value, before.copy[name])


def _is_plain(value: Any) -> bool:
    return is_one_of(type(value), (list, dict, set))


def _copy(value: Any, depth: int = 0) -> Any:
    if depth > _MAX_DEPTH:
        return value
    if type(value) is list:
        return [_copy(each, depth + 1) for each in value]
    if type(value) is dict:
        return {key: _copy(each, depth + 1) for key, each in value.items()}
    return set(value) if type(value) is set else value


def _fill(value: Any, copy: Any) -> None:
    """Put plain containers back to what they held."""
    if type(value) is list:
        value[:] = copy
    elif type(value) is dict or type(value) is set:
        value.clear()
        value.update(copy)
