"""The text of the page: a template, and beside it style and script, which alone its security policy lets run."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from enforcer.reports.coverage import coverage_lines, ranges
from enforcer.reports.html.access import matrix
from enforcer.reports.html.graph_queries import Elements
from enforcer.reports.html.overview import Overview, overview
from enforcer.reports.html.picture import picture
from enforcer.reports.html.rule_sections import by_rule
from enforcer.reports.terminal import action_lines, nothing_checked
from enforcer.reports.value import Group, Report, Violation

PAGE_SIZE_LIMIT = 1_950_000

_TEMPLATES = "template"


def html_text(report: Report) -> str:
    """The page; where it would be too large, findings are left out from the end, and counted."""
    text = _page(report)
    while len(text.encode()) > PAGE_SIZE_LIMIT and len(_violations(report)) > 1:
        report = _shortened(report, len(_violations(report)) // 2)
        text = _page(report)
    return text


def _violations(report: Report) -> list[Violation]:
    return [violation for group in report.groups for violation in group.violations]


def _shortened(report: Report, kept: int) -> Report:
    """The report with its first violations only; what is left out is counted as what was left out before."""
    groups: list[Group] = []
    for group in report.groups:
        if kept:
            groups.append(replace(group, violations=group.violations[:kept]))
            kept -= len(groups[-1].violations)
    gone = sum(each.count for each in _violations(report)) - sum(
        each.count for group in groups for each in group.violations
    )
    return replace(
        report,
        groups=tuple(groups),
        omitted=report.omitted + gone,
        omitted_groups=report.omitted_groups + len(report.groups) - len(groups),
    )


def _page(report: Report) -> str:
    style, script = (Markup(_file(name)) for name in ("report.css", "report.js"))
    elements = Elements(report.graph)
    rules = by_rule(report.groups)
    groups = [group for rule in rules for plugin in rule.plugins for group in plugin.groups]
    grid = overview(elements, {name for group in groups for name in group.elements})
    pictures = Pictures(elements, _violations(report))
    return _TEMPLATE.render(
        report=report,
        nothing=nothing_checked(report),
        actions=action_lines(report),
        command=shlex.join(report.command),
        rules=rules,
        groups=groups,
        pictures=pictures,
        grid=grid,
        access=matrix(report.access),
        coverage=coverage_lines(report.coverage),
        data={
            "elements": {group.anchor: group.elements for group in groups},
            "cells": dict(_cells(elements, grid)),
            "pictures": pictures.made,
        },
        style=style,
        script=script,
        policy=_policy(style, script),
    )


def _cells(elements: Elements, grid: Overview | None) -> Iterator[tuple[str, list[str]]]:
    """The elements with findings of each cell that has some."""
    for row_number, row in enumerate(grid.rows if grid else ()):
        for column, cell in enumerate(row.cells):
            if cell.marked:
                yield f"{row_number}-{column}", [elements.graph[number].name for number in cell.marked]


def _policy(style: str, script: str) -> str:
    """What the browser lets the page do: run and apply what is in it, nothing else, whatever slipped through."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(_TEMPLATES).joinpath(name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("enforcer.reports.html", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["ranges"] = ranges
    environment.filters["number"] = "{:,}".format
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "sort_keys": True}
    return environment


_TEMPLATE = _environment().get_template("report.html.jinja")


class Pictures:
    """The pictures for violations, each made once however many need it."""

    def __init__(self, elements: Elements, violations: Iterable[Violation]) -> None:
        pairs = dict.fromkeys(_pair(violation) for violation in violations)
        made = {pair: picture(elements, *pair) for pair in pairs if pair is not None}
        drawn = {pair: each for pair, each in made.items() if each is not None}
        self.made = list(drawn.values())
        self._numbers = {pair: number for number, pair in enumerate(drawn)}

    def of(self, violation: Violation) -> int | None:
        """The number of the picture for a violation, or None where there is nothing to draw."""
        pair = _pair(violation)
        return None if pair is None else self._numbers.get(pair)


def _pair(violation: Violation) -> tuple[str, str] | None:
    """The element of the job and that which it changed; what is shared by all elements is at no place in the graph."""
    owner = violation.finding.owner
    return (violation.finding.job.element, owner.name) if owner.kind in ("element", "source") else None
