"""Where rules come from: entry points of the group `enforcer.rules`, of this package and of any other.

The name of an entry point is the id of its rule; it refers to what is called without arguments and returns the rule:
the rule's class. The built-in rules have no other way in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any, NamedTuple

from enforcer.errors import EnforcerError, UsageError
from enforcer.masking import printable
from enforcer.results.findings import ERROR, WARNING
from enforcer.rules.protocol import Rule

GROUP = "enforcer.rules"

OURS = "buildstream-enforcer"

BUILT_IN = (
    "foreign-write",
    "project-write",
    "context-write",
    "class-write",
    "module-write",
    "process-write",
    "leaked-thread",
    "leaked-process",
    "leaked-descriptor",
    "key-drift",
    "unshippable-state",
    "process-local-lock",
)
"""The rules of this package, in the order in which they are asked and listed."""

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Registered(NamedTuple):
    """A rule, and the distribution that it comes from, with its version: `acme-rules 1.2`."""

    rule: Rule
    distribution: str

    @property
    def is_built_in(self) -> bool:
        """Whether the rule is one of this package's."""
        return self.rule.id in BUILT_IN


def load() -> dict[str, Registered]:
    """Every installed rule by its id: the built-in ones in their order, then all others by id.

    Raises:
        UsageError: an entry point of another distribution gives no rule; the text names both.
        EnforcerError: this package was installed from other code than runs here.
    """
    found = sorted(_installed(), key=_Installed.order)
    _check_installation({each.entry.name for each in found if each.is_ours})
    rules: dict[str, Registered] = {}
    for entry, distribution, _ in found:
        try:
            rules[entry.name] = Registered(_load(entry, rules), distribution)
        except UsageError as error:
            raise UsageError(
                f"entry point {entry.name!r} of group {GROUP} in the distribution {distribution}: {error}"
            ) from error.__cause__
    return rules


class _Installed(NamedTuple):
    """An entry point, and where it is from."""

    entry: EntryPoint
    distribution: str
    is_ours: bool

    def order(self) -> tuple[bool, int, str, str]:
        name = self.entry.name
        place = BUILT_IN.index(name) if self.is_ours and name in BUILT_IN else 0
        return not self.is_ours, place, name, self.distribution


def _installed() -> Iterator[_Installed]:
    names: dict[int, tuple[str, bool]] = {}
    for entry in entry_points(group=GROUP):
        # Each access to a name or version parses the metadata anew.
        if id(entry.dist) not in names:
            names[id(entry.dist)] = _name(entry.dist)
        yield _Installed(entry, *names[id(entry.dist)])


def _name(distribution: Distribution | None) -> tuple[str, bool]:
    """Name and version as they are shown, and whether they are this package's."""
    if distribution is None:
        return "(unknown)", False
    name = str(distribution.name)
    return f"{name} {distribution.version}", re.sub(r"[-_.]+", "-", name).lower() == OURS


def _check_installation(installed: Iterable[str]) -> None:
    """An editable installation keeps the entry points that it was made with, whatever the checkout says since."""
    differing = sorted(set(BUILT_IN) ^ set(installed))
    if differing:
        raise EnforcerError(
            f"the installation of {OURS} does not fit its code, it differs in the rules {', '.join(differing)}: "
            "install it again (in a checkout: make setup, or pip install -e .)"
        )


def _load(entry: EntryPoint, before: dict[str, Registered]) -> Rule:
    if not _ID.fullmatch(entry.name):
        raise UsageError("its name is no id of a rule: lower-case words with dashes between them, e.g. path-write")
    if entry.name in before:
        raise UsageError(f"there is a rule {entry.name!r} already, of {before[entry.name].distribution}")
    try:
        rule = entry.load()()
        _check(rule, entry.name)
    except UsageError:
        raise
    except Exception as error:
        text = printable(f"{type(error).__name__}: {error}")
        raise UsageError(f"{entry.value} cannot be imported and called without arguments: {text}") from error
    checked: Rule = rule
    return checked


def _check(rule: Any, name: str) -> None:
    """Whether `rule` is what `Rule` asks for; a type checker may never have seen it."""
    missing = [each for each in ("id", "severity", "title", "findings") if not hasattr(rule, each)]
    if missing:
        raise UsageError(f"what it gives is no rule: {', '.join(missing)} missing")
    if rule.id != name:
        raise UsageError(f"its rule has the id {rule.id!r}: name the entry point like it")
    if rule.severity not in (ERROR, WARNING):
        raise UsageError(f"its rule has the severity {rule.severity!r}: choose one of {ERROR}, {WARNING}")
    if not isinstance(rule.title, str) or len(rule.title.splitlines()) != 1:
        raise UsageError(f"its rule has the title {rule.title!r}: one line is needed")
    if not callable(rule.findings):
        raise UsageError("its rule has findings that cannot be called")
