"""Loggers and what they are told to do: of those that there are, and of those that a job is the first to ask for."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Set
from typing import Any

from enforcer.bst.elements.process import memos
from enforcer.graph.kinds import LIST, Contents
from enforcer.graph.some_entries import CURRENT_LIST, PART, Current, CurrentDictKind, PartOf
from enforcer.graph.unit import Cell
from enforcer.graph.values import same, vars_of

_FRESH = {"level": logging.NOTSET, "propagate": True, "disabled": False}
"""What nobody has set; handlers and filters are lists."""
_LISTS = ("filters", "handlers")


def logger_cells() -> Iterable[Cell]:
    """Those of each logger that there is, and of its handlers; one for all that will be."""
    yield from _logger_cells("logging.getLogger()", logging.root, ("level", "filters"))
    root = vars_of(logging.root)
    handlers = Current(memos.root_handlers, lambda value: root.__setitem__("handlers", value))
    yield Cell(CURRENT_LIST, handlers, None, "logging.getLogger().handlers")
    for name, logger in _loggers(set()):
        yield from _logger_cells(f"logging.getLogger({name!r})", logger, (*_FRESH, *_LISTS))
    yield Cell(_NEW_LOGGERS, _NewLoggers(), None, "logging.getLogger")


def _loggers(without: Set[str]) -> list[tuple[str, Any]]:
    """All that have other names, by name."""
    held = logging.root.manager.loggerDict
    # Names that are only on the way to one have a placeholder.
    return [
        (name, held[name]) for name in sorted(held.keys() - without) if issubclass(type(held[name]), logging.Logger)
    ]


def _logger_cells(label: str, logger: Any, names: tuple[str, ...]) -> Iterable[Cell]:
    yield Cell(PART, PartOf(logger, names, clear_loggers), None, label)
    space = vars_of(logger)
    for name in names:
        if type(space.get(name)) is list:
            yield Cell(LIST, space[name], None, f"{label}.{name}")
    for index, handler in enumerate(space["handlers"]):
        yield Cell(PART, PartOf(handler, ("level", "formatter", "filters")), None, f"{label}.handlers[{index}]")


_clear_cache = logging.root.manager._clear_cache  # type: ignore[attr-defined]


def clear_loggers() -> None:
    """Loggers ask anew what they remember of their levels."""
    _clear_cache()


class _NewLoggers(Current):
    """What loggers were told that were not there when this was made; one that was only asked for is no entry."""

    __slots__ = ("_known", "_last", "_number")

    def __init__(self) -> None:
        self._known = {name for name, _ in _loggers(set())}
        self._number = len(logging.root.manager.loggerDict)
        self._last: dict[str, Any] = {}
        super().__init__(self._told, by_imports=True)

    def _told(self) -> dict[str, Any]:
        """By the way to it; the very same dictionary as long as nothing was told."""
        if len(logging.root.manager.loggerDict) == self._number and not self._last:
            return self._last
        told: dict[str, Any] = {}
        for name, logger in self.loggers():
            for key, value in _differing(vars_of(logger)):
                told[f"({name!r}).{key}"] = value
        if told.keys() != self._last.keys() or not all(told[key] is self._last[key] for key in told):
            self._last = told
        return self._last

    def loggers(self) -> list[tuple[str, Any]]:
        """Those loggers, by name."""
        return _loggers(self._known)


def _differing(space: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """What the attributes of a logger hold that a fresh one does not."""
    for name, value in _FRESH.items():
        if not same(space.get(name), value):
            yield name, space.get(name)
    for name in _LISTS:
        held = space.get(name)
        if type(held) is list:
            yield from ((f"{name}[{index}]", each) for index, each in enumerate(held))
        else:
            yield name, held


class _NewLoggersKind(CurrentDictKind):
    """New loggers."""

    def restore(self, obj: Any, before: Contents) -> None:
        wanted = dict(before)
        for name, logger in obj.loggers():
            space, way = vars_of(logger), f"({name!r})."
            space.update({key: wanted.get(way + key, value) for key, value in _FRESH.items()})
            for key in _LISTS:
                held = space[key] if type(space.get(key)) is list else []
                held[:] = [value for place, value in before if place.startswith(f"{way}{key}[")]
                space[key] = held
        clear_loggers()

    def step(self, obj: Any, name: Any) -> str:
        return str(name)


_NEW_LOGGERS = _NewLoggersKind()
