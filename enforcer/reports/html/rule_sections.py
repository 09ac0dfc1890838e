"""What the page shows of each finding: by rule, then by plugin, then group by group."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from enforcer.reports.html.diff import Diff, diff
from enforcer.reports.html.source import Block, blocks
from enforcer.reports.message import headline, what
from enforcer.reports.value import Group, Violation
from enforcer.results.findings import Finding


@dataclass(frozen=True)
class Shown:
    """A group of findings on the page.

    Attributes:
        anchor: what a link to it ends with.
        state: `new`, `known` or `allowed`.
        sentence: what happened, where that is no change of a value.
        others: the violations of the group but the first.
        hidden: how many findings of the group are in none of its violations.
        elements: the names of the elements that it is about.
    """

    anchor: str
    state: str
    headline: str
    sentence: str | None
    count: int
    first: Violation
    finding: Finding
    diff: Diff
    blocks: list[Block]
    others: tuple[Violation, ...]
    hidden: int
    elements: tuple[str, ...]


@dataclass(frozen=True)
class Plugin:
    """The groups of one rule that one kind of plugin caused."""

    kind: str
    count: int
    groups: tuple[Shown, ...]


@dataclass(frozen=True)
class RuleSection:
    """The groups of one rule, by plugin."""

    id: str
    count: int
    plugins: tuple[Plugin, ...]


def by_rule(groups: Iterable[Group]) -> list[RuleSection]:
    """The groups, rules and plugins in the order in which the report has them: new findings come first."""
    rules: defaultdict[str, defaultdict[str, list[Shown]]] = defaultdict(lambda: defaultdict(list))
    anchors: Counter[str] = Counter()
    for group in groups:
        finding = group.finding
        rules[finding.rule][finding.plugin].append(_shown(group, _anchor(group, anchors)))
    return [_rule(id_, plugins) for id_, plugins in rules.items()]


def _rule(id_: str, plugins: dict[str, list[Shown]]) -> RuleSection:
    made = tuple(Plugin(kind, _count(groups), tuple(groups)) for kind, groups in plugins.items())
    return RuleSection(id_, sum(plugin.count for plugin in made), made)


def _count(groups: Iterable[Shown]) -> int:
    return sum(group.count for group in groups)


def _anchor(group: Group, used: Counter[str]) -> str:
    """The fingerprint leaves the operation out, so several groups may have one."""
    anchor = f"finding-{group.violations[0].fingerprint}"
    used[anchor] += 1
    return anchor if used[anchor] == 1 else f"{anchor}-{used[anchor]}"


def _shown(group: Group, anchor: str) -> Shown:
    finding = group.finding
    return Shown(
        anchor=anchor,
        state=finding.state,
        headline=headline(finding),
        sentence=None if finding.rule.endswith("-write") or finding.rule == "key-drift" else what(finding),
        count=group.count,
        first=group.violations[0],
        finding=finding,
        diff=diff(finding.before, finding.after),
        blocks=blocks(finding),
        others=group.violations[1:],
        hidden=group.count - sum(violation.count for violation in group.violations),
        elements=_elements(group.violations),
    )


def _elements(violations: Iterable[Violation]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for violation in violations:
        owner = violation.finding.owner
        names.update(dict.fromkeys(example.job.element for example in violation.examples))
        names.update({owner.name: None} if owner.kind in ("element", "source") else {})
    return tuple(names)
