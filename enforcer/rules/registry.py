"""All rules, by id, and the one function that asks them.

Looking for them reads the metadata of all installed packages: it is done once, when the first is needed, and before
any worker process is forked.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable

from enforcer.errors import EnforcerError, UsageError
from enforcer.results.findings import Finding
from enforcer.rules.entry_points import Registered, load
from enforcer.rules.evidence import Evidence
from enforcer.rules.fixes import fix_for
from enforcer.rules.protocol import Rule
from enforcer.settings.settings import AllowEntry


@functools.cache
def registered() -> dict[str, Registered]:
    """Every rule by its id, with the distribution that it comes from; errors as of `entry_points.load`."""
    return load()


def all_rules() -> tuple[Rule, ...]:
    """Every rule: the built-in ones first, then those of other distributions by id."""
    return tuple(each.rule for each in registered().values())


def get_rule(rule_id: str) -> Rule:
    """The rule of this id; where there is none, `UsageError` names the nearest and lists all."""
    try:
        return registered()[rule_id].rule
    except KeyError:
        raise UsageError(
            f"unknown rule {rule_id!r}: {_nearest(rule_id)}choose one of {', '.join(registered())}"
        ) from None


def _nearest(rule_id: str) -> str:
    near = difflib.get_close_matches(rule_id.lower().replace("_", "-"), registered(), 1)
    return f"did you mean {near[0]!r}? " if near else ""


def check_allowed(entries: Iterable[AllowEntry]) -> None:
    """Raise `UsageError` where an entry allows findings of a rule that does not exist; the text says where it stands.

    Such an entry would allow nothing, and nobody would learn of it.
    """
    for entry in entries:
        try:
            get_rule(entry.rule)
        except UsageError as error:
            origin = f"{entry.origin}: " if entry.origin else ""
            raise UsageError(f"{origin}allow entry {str(entry)!r}: {error}") from None


def apply_rules(evidence: Evidence) -> list[Finding]:
    """What of `evidence` breaks a rule, by rule and then in the order of the evidence.

    Raises:
        EnforcerError: a rule failed; the text names it and its distribution.
    """
    return [finding for each in registered().values() for finding in _ask(each, evidence)]


def _ask(each: Registered, evidence: Evidence) -> list[Finding]:
    rule = each.rule
    try:
        findings = list(rule.findings(evidence))
        for finding in findings:
            _check(rule, finding)
            finding.fix = finding.fix or fix_for(rule, finding)
    except Exception as error:
        raise EnforcerError(f"the rule {rule.id!r} of {each.distribution} failed with {error!r}") from error
    return findings


def _check(rule: Rule, finding: object) -> None:
    if not isinstance(finding, Finding):
        raise TypeError(f"findings() gave {finding!r}, not an enforcer.findings.Finding")
    if (finding.rule, finding.severity) != (rule.id, rule.severity):
        raise ValueError(f"findings() gave one of the rule {finding.rule!r}, {finding.severity}")
