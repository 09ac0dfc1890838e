"""Read a JSON report back: the same value, so that it gives the same bytes again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from enforcer.errors import UsageError
from enforcer.masking import printable
from enforcer.reports.coverage import STATES, CoverageReport, Covered, CoveredMethod
from enforcer.reports.elements import Element
from enforcer.reports.json_report import FORMAT
from enforcer.reports.shown import shown, shown_job, shown_name, shown_text
from enforcer.reports.value import CLEAN, FAILED, NOTHING_CHECKED, WARNED, Access, Example, Group, Report, Violation
from enforcer.results.findings import ERROR, OWNER_KINDS, WARNING, Finding, Job, Owner, Site
from enforcer.results.plugin_coverage import PLUGIN_TYPES
from enforcer.settings.baseline import Entry
from enforcer.settings.settings import Mode

_MOST_LINES = 1_000_000
"""Of one file: a report that somebody else has written must not take all memory."""


def read_report(path: Path) -> Report:
    """The report that is in the file `path`, made fit to be shown like any other: somebody else may have written it.

    Raises:
        UsageError: the file cannot be read, or is no report of this format.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"cannot read the report {str(path)!r}: {printable(str(error))}") from error
    try:
        return _report(_Part(data))
    except ValueError as error:
        why = printable(str(error))
        raise UsageError(
            f"{str(path)!r} is no JSON report of format {FORMAT} with all that is needed: write it anew ({why})"
        ) from error


class _Part:
    """One object of a report. What is missing, or is of another type, is a `ValueError` that names the key."""

    def __init__(self, data: object, name: str = "the report") -> None:
        if not isinstance(data, dict):
            raise ValueError(f"{name} is no object")
        self._data = data

    def text(self, key: str) -> str:
        return str(self._value(key, str))

    def optional_text(self, key: str) -> str | None:
        return None if self.is_null(key) else self.text(key)

    def choice(self, key: str, *choices: str) -> str:
        value = self.text(key)
        if value not in choices:
            raise ValueError(f"{key} is {value!r}")
        return value

    def number(self, key: str) -> int:
        return int(self._value(key, int))

    def flag(self, key: str) -> bool:
        return bool(self._value(key, bool))

    def texts(self, key: str) -> list[str]:
        values: list[str] = self._value(key, list)
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"{key} holds more than texts")
        return values

    def lists_of_numbers(self, key: str) -> list[list[int]]:
        lists: list[list[int]] = self._value(key, list)
        if not all(type(each) is list and all(type(number) is int for number in each) for each in lists):
            raise ValueError(f"{key} holds more than lists of numbers")
        return lists

    def part(self, key: str) -> _Part:
        return _Part(self._data.get(key), key)

    def optional_part(self, key: str) -> _Part | None:
        return None if self.is_null(key) else self.part(key)

    def added_part(self, key: str) -> _Part | None:
        """A part that format 1 has gained: reports from before lack it."""
        return None if self._data.get(key) is None else self.part(key)

    def is_null(self, key: str) -> bool:
        return key in self._data and self._data[key] is None

    def parts(self, key: str) -> list[_Part]:
        return [_Part(value, f"an entry of {key}") for value in self._value(key, list)]

    def _value(self, key: str, type_: type) -> Any:
        value = self._data.get(key)
        # A boolean is a number to Python.
        if type(value) is not type_:
            raise ValueError(f"{key} is missing" if key not in self._data else f"{key} is {value!r:.100}")
        return value


def _report(part: _Part) -> Report:
    if part.number("format") != FORMAT:
        raise ValueError(f"format is {part.number('format')}")
    summary, versions = part.part("summary"), part.part("versions")
    return Report(
        verdict=part.choice("verdict", CLEAN, WARNED, FAILED, NOTHING_CHECKED),
        mode=part.choice("mode", *(mode.value for mode in Mode)),
        backend=shown_name(part.text("backend")),
        command=_names(part.texts("command")),
        versions=tuple((name, _name(versions.optional_text(name))) for name in ("enforcer", "buildstream", "python")),
        jobs=summary.number("jobs"),
        checked=summary.number("checked"),
        elements=summary.number("elements"),
        cells=summary.number("cells"),
        exercised=_names(summary.texts("exercised")),
        cached=_names(summary.texts("cached")),
        new=summary.number("violations"),
        known=summary.number("known"),
        allowed=summary.number("allowed"),
        omitted=part.number("omitted"),
        omitted_groups=part.number("omitted_groups"),
        groups=tuple(_groups(part.parts("violations"))),
        files=tuple((shown_name(each.text("file")), shown_name(each.text("path"))) for each in part.parts("files")),
        core_fills=_counts(part.parts("core_fills"), "attribute"),
        opaque=_counts(part.parts("opaque"), "type"),
        errors=tuple(map(shown_text, part.texts("errors"))),
        unwatched=tuple(map(shown_text, part.texts("unwatched"))),
        left_behind=_names(part.texts("left_behind")),
        unused_allow=_names(part.texts("unused_allow")),
        partial=_names(part.texts("partial")),
        graph=_graph(part.part("graph")),
        access=tuple(_access(each) for each in part.parts("access")),
        coverage=_coverage(part.added_part("coverage")),
    )


def _coverage(part: _Part | None) -> CoverageReport | None:
    if part is None:
        return None
    return CoverageReport(tuple(map(_covered, part.parts("plugins"))), _names(part.texts("skipped")))


def _covered(part: _Part) -> Covered:
    return Covered(
        name=shown_name(part.text("name")),
        type=part.choice("type", *PLUGIN_TYPES, ""),
        kind=shown_name(part.text("kind")),
        file=shown_name(part.text("file")),
        bundled=part.flag("bundled"),
        methods=tuple(
            CoveredMethod(
                shown_name(each.text("name")), shown_name(each.text("defined_in")), each.choice("state", *STATES)
            )
            for each in part.parts("methods")
        ),
        ran=_lines(part, "ran"),
        never=_lines(part, "never"),
        outside=_lines(part, "outside"),
    )


def _lines(part: _Part, key: str) -> tuple[int, ...]:
    spans = part.lists_of_numbers(key)
    if any(len(span) != 2 or not 0 < span[0] <= span[1] <= _MOST_LINES for span in spans):
        raise ValueError(f"{key} holds more than first and last lines")
    return tuple(line for first, last in spans for line in range(first, last + 1))


def _graph(part: _Part) -> tuple[Element, ...]:
    names, kinds, dependencies = part.texts("names"), part.texts("kinds"), part.lists_of_numbers("dependencies")
    if not len(names) == len(kinds) == len(dependencies):
        raise ValueError("the lists of graph differ in length")
    if any(not 0 <= number < len(names) for numbers in dependencies for number in numbers):
        raise ValueError("dependencies lead out of the graph")
    return tuple(
        Element(shown_name(name), shown_name(kind), tuple(numbers))
        for name, kind, numbers in zip(names, kinds, dependencies, strict=True)
    )


def _access(part: _Part) -> Access:
    unit, attribute = shown_name(part.text("unit")), shown_name(part.text("attribute"))
    return Access(_job(part.part("job")), unit, attribute, part.number("reads"), part.number("writes"))


def _groups(parts: Iterable[_Part]) -> Iterator[Group]:
    """The violations of one group stand beside each other; each says how many findings the group has."""
    alone = (Group((_violation(part),), part.number("group_count")) for part in parts)
    for (_, count), members in groupby(alone, key=lambda group: (group.key, group.count)):
        yield Group(tuple(group.violations[0] for group in members), count)


def _violation(part: _Part) -> Violation:
    line = part.text("baseline_line")
    Entry.parse(line)
    return Violation(
        finding=shown(_finding(part)),
        count=part.number("count"),
        examples=tuple(Example(_job(each), _name(each.optional_text("nodeid"))) for each in part.parts("examples")),
        fingerprint=shown_name(part.text("fingerprint")),
        baseline_line=line,
    )


def _finding(part: _Part) -> Finding:
    owner = part.part("owner")
    return Finding(
        rule=shown_name(part.text("rule")),
        severity=part.choice("severity", ERROR, WARNING),
        job=_job(part.part("job")),
        owner=Owner(owner.choice("kind", *OWNER_KINDS), owner.text("name")),
        path=part.text("path"),
        change=part.choice("change", "set", "added", "removed", "reordered"),
        before=part.optional_text("before"),
        after=part.optional_text("after"),
        site=_site(part.optional_part("site")),
        obtained=_site(part.optional_part("obtained")),
        core=_site(part.optional_part("core")),
        unblamed=part.optional_text("unblamed"),
        dependents=part.number("dependents"),
        known=part.flag("known"),
        allowed=part.optional_text("allowed"),
        nodeid=part.optional_text("nodeid"),
        candidates=[_job(each) for each in part.parts("candidates")],
        aliases=part.texts("aliases"),
        explanation=part.texts("explanation"),
        undone=None if part.is_null("undone") else part.flag("undone"),
        plugin_file=part.optional_text("plugin_file"),
    )


def _job(part: _Part) -> Job:
    return shown_job(Job(part.text("element"), part.text("action"), part.number("try"), part.text("plugin")))


def _site(part: _Part | None) -> Site | None:
    if part is None:
        return None
    return Site(
        part.text("file"),
        part.number("line"),
        part.text("function"),
        part.text("code"),
        context=tuple(part.texts("context")),
        context_start=part.number("context_start"),
    )


def _counts(parts: Iterable[_Part], name: str) -> tuple[tuple[str, int], ...]:
    return tuple((shown_name(part.text(name)), part.number("count")) for part in parts)


def _name(text: str | None) -> str | None:
    return text and shown_name(text)


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(shown_name, texts))
