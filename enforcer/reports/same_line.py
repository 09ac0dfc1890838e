"""Findings that one line of code made in one job: messages show them as one, and name them all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from enforcer.results.findings import Finding

_T = TypeVar("_T")


def by_line(
    things: Iterable[_T], finding_of: Callable[[_T], Finding], *, alike: Callable[[_T], Hashable]
) -> list[list[_T]]:
    """`things` in their order, but those of which the findings have one line beside the first of them.

    Each finding is a write of its own, with its own path, allow entry and fingerprint: nothing is merged.

    Args:
        alike: what else they have to agree in.
    """
    bundles: dict[Hashable, list[_T]] = {}
    for position, thing in enumerate(things):
        made = _made(finding_of(thing))
        bundles.setdefault(position if made is None else (made, alike(thing)), []).append(thing)
    return list(bundles.values())


def _made(finding: Finding) -> Hashable | None:
    """What made the finding and whose state it is about; None where its line is not known."""
    if finding.site is None:
        return None
    held = (tuple(finding.aliases), tuple(finding.candidates), finding.undone)
    return (finding.rule, finding.state, finding.allowed, finding.job, finding.owner, finding.site, *held)
