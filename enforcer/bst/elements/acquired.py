"""Since when each element holds what its plugins keep: noted while elements are loaded.

BuildStream loads depth first. An element is made and configured, then its sources are, before any of its dependencies
is made. Then its dependencies are loaded, each to its end, and only then is it told of them, in
`configure_dependencies()` and `preflight()`. So what an element holds when it has its sources, it has from no element
that it depends on; what it holds first when it is loaded, it may have from one of these; and what it holds first later
than that, from an element that depends on it. None of that depends on the order in which elements are loaded.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Container
from typing import Any

from enforcer.bst.elements.parts import element_unit
from enforcer.bst.elements.walk_policy import BstPolicy
from enforcer.graph.holdings import Holdings
from enforcer.graph.unit import Unit
from enforcer.graph.values import vars_of
from enforcer.graph.walk import Registry


class Since(enum.Enum):
    """Since when an element holds something."""

    MADE = "it was made"
    LOADED = "it was told of its dependencies"
    LATER = "its dependents were"
    UNKNOWN = "nobody looked when it was loaded"


class Acquired:
    """What the elements of one context held when they were made, and when they were loaded.

    All of it is kept alive, or what is made later could be taken for it by its address.

    Attributes:
        error: why something could not be noted.
    """

    def __init__(self) -> None:
        anybody = Unit("element", "any other", [])
        self._holdings = Holdings(Registry(BstPolicy(lambda element: anybody, lambda name: False)))
        self._kept: dict[int, Any] = {}
        # The ids of what each element held, by its own.
        self._made: dict[int, Container[int]] = {}
        self._loaded: dict[int, Container[int]] = {}
        self.error: Exception | None = None

    def note_made(self, element: Any) -> None:
        """The element has its sources, and none of its dependencies is made."""
        self._kept[id(element)] = element
        self._made[id(element)] = self._note(element, ())

    def note_loaded(self, element: Any) -> None:
        """The element has been told of its dependencies."""
        self._loaded[id(element)] = self._note(element, self._made.get(id(element), ()))

    def _note(self, element: Any, own: Container[int]) -> Container[int]:
        found = self._holdings.containers_of(element_unit(element), _But(self._kept, own))
        self._kept.update(found)
        return frozenset(found)

    def since(self, element: Any, obj: object) -> Since:
        """Since when the element holds `obj`, which it holds now."""
        if id(element) not in self._made:
            return Since.UNKNOWN
        if id(obj) in self._made[id(element)]:
            return Since.MADE
        return Since.LOADED if id(obj) in self._loaded.get(id(element), ()) else Since.LATER


class _But:
    """What is in one container and not in another."""

    def __init__(self, known: Container[int], own: Container[int]) -> None:
        self._known = known
        self._own = own

    def __contains__(self, key: object) -> bool:
        return key in self._known and key not in self._own


def acquired_in(context: Any) -> Acquired:
    """What is noted of the elements of this context; what was noted of another one before is dropped."""
    if not _noted or _noted[0][0] is not context:
        _noted[:] = [(context, Acquired())]
    return _noted[0][1]


def note_made(element: Any) -> None:
    """See `Acquired`; nothing is raised in BuildStream's loading."""
    _noting(Acquired.note_made, element)


def note_loaded(element: Any) -> None:
    """See `Acquired`; nothing is raised in BuildStream's loading."""
    _noting(Acquired.note_loaded, element)


def forget() -> None:
    """Drop all notes."""
    _noted.clear()


def _noting(note: Callable[[Acquired, Any], None], element: Any) -> None:
    acquired = acquired_in(vars_of(element)["_Plugin__context"])
    try:
        note(acquired, element)
    except Exception as error:
        acquired.error = error


_noted: list[tuple[Any, Acquired]] = []
"""The last context, and what is noted of its elements."""
