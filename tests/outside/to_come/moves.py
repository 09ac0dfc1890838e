"""What is other in one BuildStream than in another, as far as enforcement depends on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from enforcer.bst.elements.core_code import in_package
from enforcer.bst.patches import PATCHED
from enforcer.bst.required import SEAMS
from tests.outside.to_come.inventory import Attribute, Inventory

_NO_UNIT = ("buildstream._scheduler", "buildstream._stream", "buildstream._state")
"""Modules whose objects the main thread has for itself: no job reads them, and no unit holds them."""
T = TypeVar("T")
_CALLBACK = ("callback", "_cb")


@dataclass
class Moves:
    """Places are written as in `enforcer.bst.required`.

    Attributes:
        missing: what enforcement needs and does not find.
        parameters: functions that it needs or patches, whose parameters are others.
        texts: the same, where only what they do is other.
        queues: new ones, with the scheduler's name of their jobs.
        callbacks, memos, others: new attributes of what jobs may share, by how they are written.
        variables: module variables that functions set, new ones, with these functions.
    """

    missing: list[str]
    parameters: list[str]
    texts: list[str]
    queues: dict[str, str]
    callbacks: dict[str, Attribute]
    memos: dict[str, Attribute]
    others: dict[str, Attribute]
    variables: dict[str, list[str]]

    @property
    def are_none(self) -> bool:
        """Whether the two are the same."""
        return not any(vars(self).values())


def compare(before: Inventory, after: Inventory, missing: list[str]) -> Moves:
    """What moved from one to the other; `missing` is what was looked up in the running one."""
    needed = {place for place in (*SEAMS, *PATCHED) if place in before.functions and place in after.functions}
    parameters = {place for place in needed if before.functions[place][0] != after.functions[place][0]}
    texts = {place for place in needed - parameters if before.functions[place] != after.functions[place]}
    attributes = {
        place: attribute
        for place, attribute in after.attributes.items()
        if place not in before.attributes and not in_package(place.partition(":")[0], _NO_UNIT)
    }
    callbacks = _only(attributes, (place for place in attributes if place.endswith(_CALLBACK)))
    memos = _only(
        attributes, (place for place in attributes if attributes[place].is_filled_later and place not in callbacks)
    )
    return Moves(
        missing,
        sorted(parameters),
        sorted(texts),
        _only(after.queues, after.queues.keys() - before.queues.keys()),
        callbacks,
        memos,
        _only(attributes, attributes.keys() - callbacks.keys() - memos.keys()),
        _only(after.module_variables, after.module_variables.keys() - before.module_variables.keys()),
    )


def _only(places: dict[str, T], wanted: Iterable[str]) -> dict[str, T]:
    return {place: places[place] for place in sorted(wanted)}
