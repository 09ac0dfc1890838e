"""Entries for the list of core fills, from findings that no line of a plugin made."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.outside.to_come.inventory import Inventory

_LAST_NAME = re.compile(r"([A-Za-z_]\w*)$")
_CONSTANTS = ("True", "False", "None")


class Change(NamedTuple):
    """What core changed outside of a job's element, as a report tells it: the unit's kind, where, and the values."""

    kind: str
    path: str
    change: str
    before: str | None
    after: str | None


class Proposal(NamedTuple):
    """What could be added to `enforcer.bst.judging.core_fills`.

    Attributes:
        changes: the changes that it is for, each with how often it was seen.
        samples: where.
        seams: what is to be added to `enforcer.bst.required` with it.
        entry: Python that adds it to that module's list; None where no shape of entry there fits.
    """

    changes: tuple[tuple[Change, int], ...]
    samples: tuple[str, ...]
    seams: tuple[str, ...]
    entry: str | None


def propose(findings: Iterable[tuple[str, dict[str, Any]]], inventory: Inventory) -> list[Proposal]:
    """A proposal for each attribute that no line of a plugin was seen to change.

    Args:
        findings: the name of a sample, and a finding of its report.
        inventory: of the BuildStream that ran.
    """
    changes: dict[tuple[str, str], Counter[Change]] = defaultdict(Counter)
    samples: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sample, finding in findings:
        if finding["site"] is not None:
            continue
        kind, path = finding["owner"]["kind"], finding["path"]
        change = Change(kind, path, finding["change"], finding["before"], finding["after"])
        changes[kind, path][change] += finding["count"]
        samples[kind, path].add(sample)
    return [
        Proposal(tuple(seen.items()), tuple(sorted(samples[key])), *_entry(next(iter(seen)), inventory))
        for key, seen in sorted(changes.items())
    ]


def _entry(change: Change, inventory: Inventory) -> tuple[tuple[str, ...], str | None]:
    """The seams and the text of an entry for a change."""
    found = _LAST_NAME.search(change.path)
    name = found[1] if found else ""
    if change.kind == "module":
        places = [place for place in inventory.module_variables if place.endswith(f":{name}")]
        is_constant = change.after in _CONSTANTS
        return (tuple(places), _global(places[0], name, str(change.after))) if places and is_constant else ((), None)
    for place, attribute in inventory.attributes.items():
        cls, _, of_objects = place.partition("().")
        if of_objects == name and attribute.initial == change.before == "None" and change.change == "set":
            for setter in attribute.setters:
                method = f"{cls}.{setter}"
                if inventory.functions[method][0] == "self":
                    return (method, place), _memo(cls, name, setter)
    return (), None


def _memo(cls: str, name: str, method: str) -> str:
    module, _, class_name = cls.partition(":")
    refill = f"_refill_{name.rpartition('__')[2].lstrip('_')}"
    return f'''\
from {module} import {class_name}


def {refill}(obj: Any) -> Any:
    obj.{method}()
    return obj.{name}


FILLS = (
    *FILLS,
    Fill(
        "{name}",
        "why every job would fill in the same",
        _memo({class_name}, "{name}", {refill}),
    ),
)
'''


def _global(place: str, name: str, value: str) -> str:
    module, _, _ = place.partition(":")
    package, _, last = module.rpartition(".")
    return f'''\
from {package} import {last}

FILLS = (
    *FILLS,
    Fill(
        "{last}.{name}",
        "why every job would fill in the same",
        _global({last}, "{name}", lambda value: value is {value}),
    ),
)
'''
