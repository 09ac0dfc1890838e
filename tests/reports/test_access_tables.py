"""Accesses as tables: the same done by many jobs is one line, the most frequent first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enforcer.reports.access import Access
from enforcer.reports.access_tables import Filter, access_lines
from enforcer.reports.value import Report, build_report
from enforcer.results.findings import Job, Site
from enforcer.settings.settings import Settings
from tests.reports.records import COMMAND, VERSIONS, record

SITE = Site("k.py", 3, "assemble", "dep.opt")


def report(*access: Access, between: tuple[Access, ...] = ()) -> Report:
    made = build_report(record(), Settings(), COMMAND, VERSIONS)
    return replace(made, access=access, access_between_jobs=between)


def read(element: str, unit: str, attribute: str = "opt", reads: int = 1) -> Access:
    job = Job(element, "Build", 1, "kind")
    return Access(job, "job", "element", unit, attribute, "public", reads, 0, SITE, by_plugin=True)


def rows(lines: list[str]) -> list[list[str]]:
    return [line.split() for line in lines if line.startswith("  ")]


def test_jobs_of_one_plugin_that_do_the_same_are_one_line() -> None:
    lines = access_lines(report(*(read(f"{name}.bst", f"{name}-base.bst", reads=2) for name in "abc")), Filter())
    assert rows(lines)[1:] == [["6", "0", "3", "kind", "Build", "3", "elements", "opt", "public", "k.py:3", "assemble"]]


def test_the_most_frequent_are_first_and_the_rest_is_counted() -> None:
    access = [read("app.bst", "base.bst", f"a{number}", number) for number in range(1, 6)]
    lines = access_lines(report(*access), Filter(), limit=2)
    assert [row[0] for row in rows(lines)] == ["reads", "5", "4", "and"]
    assert lines[-1] == "  and 3 lines more: --job, --unit, --attribute say which"


def test_own_state_core_and_the_main_thread_have_tables_of_their_own() -> None:
    own, other = read("app.bst", "app.bst"), read("app.bst", "base.bst")
    core = replace(other, by_plugin=False)
    between = tuple(replace(core, phase=phase, writes=writes) for phase, writes in (("done", 1), ("scheduling", 0)))
    lines = access_lines(report(own, other, core, replace(own, by_plugin=False), between=between), Filter())
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "plugin code, on state of others",
        "plugin code, on its own element",
        "BuildStream's core in jobs, on state of others",
        "BuildStream's core in jobs, on the job's element",
        "the main thread between jobs, what it writes",
        "the main thread between jobs, what it only reads",
    ]


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (Filter(job="app.bst"), True),
        (Filter(job="app.bst Build"), True),
        (Filter(job="Build"), True),
        (Filter(job="a*"), True),
        (Filter(job="app.bst Fetch"), False),
        (Filter(unit="base.*"), True),
        (Filter(unit="base"), False),
        (Filter(attribute="opt"), True),
        (Filter(attribute="o"), False),
        (Filter(plugin_code_only=True), True),
    ],
)
def test_what_is_asked_for_is_taken(asked: Filter, taken: bool) -> None:
    assert asked.takes(read("app.bst", "base.bst")) is taken
