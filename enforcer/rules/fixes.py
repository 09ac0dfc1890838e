"""What to do about a finding, in one line that fits its case. The page of a rule lists its lines, under *The fix*."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from enforcer.results.findings import Finding


def any_finding(finding: Finding) -> bool:
    """Every one: for the last line of a rule."""
    return True


class Fix(NamedTuple):
    """One line.

    Attributes:
        case: what it is for, as the rule's page says it.
        text: what to do; code stands in backquotes.
        fits: whether it is for this finding. Of a rule's lines the first that fits is taken.
    """

    case: str
    text: str
    fits: Callable[[Finding], bool] = any_finding


def at(path: str) -> Callable[[Finding], bool]:
    """Whether what was changed is at such a path: a regular expression for its beginning."""
    return lambda finding: re.match(path, finding.path) is not None


def of(owner: str) -> Callable[[Finding], bool]:
    """Whether the owner has such a name: a regular expression for its beginning."""
    return lambda finding: re.match(owner, finding.owner.name) is not None


def after(text: str) -> Callable[[Finding], bool]:
    """Whether the value now begins like this: a regular expression."""
    return lambda finding: re.match(text, finding.after or "") is not None


def fix_for(rule: object, finding: Finding) -> str | None:
    """The line of `rule` that fits the finding; None where none does, or where the rule gives none."""
    fixes: tuple[Fix, ...] = getattr(rule, "fixes", ())
    return next((fix.text for fix in fixes if fix.fits(finding)), None)
