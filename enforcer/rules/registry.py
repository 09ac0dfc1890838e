"""All rules, by id, and the one function that asks them."""

from __future__ import annotations

from collections.abc import Sequence

from enforcer.errors import UsageError
from enforcer.findings import Finding
from enforcer.rules.class_write import ClassWrite
from enforcer.rules.context_write import ContextWrite
from enforcer.rules.evidence import Evidence
from enforcer.rules.foreign_write import ForeignWrite
from enforcer.rules.key_drift import KeyDrift
from enforcer.rules.leaked_process import LeakedProcess
from enforcer.rules.leaked_thread import LeakedThread
from enforcer.rules.module_write import ModuleWrite
from enforcer.rules.process_local_lock import ProcessLocalLock
from enforcer.rules.process_write import ProcessWrite
from enforcer.rules.project_write import ProjectWrite
from enforcer.rules.protocol import Rule
from enforcer.rules.unshippable_state import UnshippableState

_BUILT_IN: tuple[Rule, ...] = (
    ForeignWrite(),
    ProjectWrite(),
    ContextWrite(),
    ClassWrite(),
    ModuleWrite(),
    ProcessWrite(),
    LeakedThread(),
    LeakedProcess(),
    KeyDrift(),
    UnshippableState(),
    ProcessLocalLock(),
)

_registered: dict[str, Rule] = {}


def register(rule: Rule) -> Rule:
    """Add a rule to those that `judge` asks; a second rule of the same id is a `UsageError`."""
    if rule.id in _registered:
        raise UsageError(f"there is a rule {rule.id!r} already: {_registered[rule.id]!r}")
    _registered[rule.id] = rule
    return rule


def all_rules() -> tuple[Rule, ...]:
    """Every registered rule, in the order of registration."""
    return tuple(_registered.values())


def get_rule(rule_id: str) -> Rule:
    """The rule of this id; `UsageError` lists the ids when there is none."""
    try:
        return _registered[rule_id]
    except KeyError:
        raise UsageError(f"unknown rule {rule_id!r}: choose one of {', '.join(_registered)}") from None


def judge(evidence: Evidence, rules: Sequence[Rule] | None = None) -> list[Finding]:
    """What of `evidence` breaks a rule, by rule and then in the order of the evidence."""
    chosen = all_rules() if rules is None else rules
    return [finding for rule in chosen for finding in rule.findings(evidence)]


for _rule in _BUILT_IN:
    register(_rule)
