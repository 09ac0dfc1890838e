"""Merged reports say what all of them say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from enforcer.reports.cost import Cost
from enforcer.reports.json_report import json_text, schema
from enforcer.reports.merge import merge_reports
from enforcer.reports.terminal import terminal_report
from enforcer.reports.value import Action, Report, build_report
from enforcer.results.job_counts import JobCounts
from enforcer.results.record import Record
from enforcer.settings.settings import Mode, Settings
from tests.reports.many import MANY, ten_thousand
from tests.reports.records import COMMAND, FINDING, SITE, VERSIONS, by, full_record, record


def report(made: Record, settings: Settings | None = None, **versions: str | None) -> Report:
    return build_report(made, settings or Settings(), COMMAND, {**VERSIONS, **versions})


def test_one_report_stays_as_it_is() -> None:
    one = report(full_record())
    assert merge_reports([one]) is one


FOUND = [
    [FINDING, by("two.bst")],
    [by("two.bst", site=SITE), by("three.bst", path="environment['LD']", known=True)],
    [FINDING, by("four.bst", allowed="why"), by("five.bst", path="other", severity="warning")],
]


def test_the_groups_are_those_of_one_run_that_found_all() -> None:
    merged = merge_reports([report(record(*found)) for found in FOUND])
    whole = report(record(*(finding for found in FOUND for finding in found)))
    assert merged.groups == whole.groups
    assert (merged.new, merged.known, merged.allowed) == (whole.new, whole.known, whole.allowed)


def test_the_order_of_the_reports_does_not_matter() -> None:
    reports = [report(full_record()), *(report(record(*found)) for found in FOUND)]
    assert len({json_text(merge_reports(order)) for order in permutations(reports)}) == 1


def test_a_merged_report_keeps_the_schema() -> None:
    reports = [report(full_record()), report(Record(), python="3.12.1", buildstream=None)]
    assert [*Draft202012Validator(schema()).iter_errors(json.loads(json_text(merge_reports(reports))))] == []


def test_what_it_cost_adds_up() -> None:
    merged = merge_reports([report(full_record()), report(full_record()), report(Record())])
    assert merged.cost == Cost(jobs=6, given_up=2, lines=2_400, cells=960_000)


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        ([record(), record()], "clean"),
        ([record(), Record()], "nothing-checked"),
        ([Record(), record(by("a.bst", severity="warning"))], "warned"),
        ([record(unwatched=["bst"]), record(FINDING)], "failed"),
    ],
)
def test_the_verdict_is_the_worst(made: list[Record], verdict: str) -> None:
    assert merge_reports([report(each) for each in made]).verdict == verdict


def test_a_run_that_checked_nothing_is_not_hidden_by_another_one() -> None:
    lines = terminal_report(merge_reports([report(record()), report(Record())]))
    assert "NOTHING WAS CHECKED in one of the merged runs" in lines
    assert "checked 41 of 57 jobs; 16 elements were cached" in lines


def test_jobs_add_up_by_action_and_what_had_no_turn_anywhere_is_told() -> None:
    first = record(actions={"Build": JobCounts(3, 2, 0, 2)}, plugins={"a (element)", "b (source)"})
    second = record(
        actions={"Build": JobCounts(1, 1, 0, 1), "Pull": JobCounts(4, 4, 3)},
        plugins={"a (element)", "b (source)"},
        had_turn={"a (element)"},
        distrusted={"app.bst"},
    )
    merged = merge_reports([report(first), report(second)])
    assert merged.actions == (Action("Build", 4, 3, 0, 3), Action("Pull", 4, 4, 3, 0))
    assert (merged.without_turn, merged.distrusted) == (("b (source)",), ("app.bst",))


def test_no_job_was_due_only_if_none_was_in_any_run() -> None:
    idle = report(Record(not_due={"bst was not asked to run any"}))
    assert merge_reports([idle, idle]).not_due == idle.not_due != ()
    assert merge_reports([idle, report(record())]).not_due == ()


def test_counts_add_up_and_sizes_of_graphs_do_not() -> None:
    merged = merge_reports([report(record(FINDING)), report(record(FINDING, cells=9000, opaque={"Lock": 3}))])
    assert (merged.jobs, merged.checked, merged.new) == (114, 82, 2)
    assert (merged.elements, merged.cells) == (60, 9000)
    assert dict(merged.core_fills) == {"_Element__proxies": 24}
    assert dict(merged.opaque) == {"Lock": 3, "Variables": 8, "_thread.lock": 4}


def test_the_graph_has_the_elements_of_all() -> None:
    first = record(elements={"a", "b"}, kinds={"a": "x", "b": "x"}, dependencies={"a": {"b"}, "b": set()})
    second = record(elements={"c", "b"}, kinds={"c": "x", "b": "x"}, dependencies={"c": {"b"}, "b": set()})
    merged = merge_reports([report(first), report(second)])
    assert [(each.name, each.dependencies) for each in merged.graph] == [("a", (1,)), ("b", ()), ("c", (1,))]
    assert merged.elements == 3


def test_what_was_exercised_in_any_run_is_not_called_cached() -> None:
    first = record(exercised={"a.bst"}, cached={"b.bst", "c.bst"})
    second = record(exercised={"b.bst"}, cached={"a.bst", "d.bst"})
    merged = merge_reports([report(first), report(second)])
    assert merged.exercised == ("a.bst", "b.bst")
    assert merged.cached == ("c.bst", "d.bst")


def test_versions_modes_and_backends_that_differ_are_all_named() -> None:
    first = report(record(), Settings(mode=Mode.SOFT, backend="pool"))
    second = report(record(), Settings(mode=Mode.DISCARD), python="3.12.1", buildstream=None)
    merged = merge_reports([first, second])
    assert dict(merged.versions) == {"enforcer": "0.1.0", "buildstream": "2.8.1", "python": "3.11.7, 3.12.1"}
    assert (merged.mode, merged.backend) == ("discard", "pool, threads")


def test_the_command_is_that_of_all_or_none() -> None:
    one = report(record())
    assert merge_reports([one, one]).command == tuple(COMMAND)
    assert merge_reports([one, replace(one, command=("pytest",))]).command == ()


LISTS: dict[str, Callable[[Report], Any]] = {
    "errors": lambda one: one.errors,
    "unwatched": lambda one: one.unwatched,
    "left_behind": lambda one: one.left_behind,
    "partial": lambda one: one.partial,
}


@pytest.mark.parametrize("name", LISTS)
def test_what_one_run_says_is_said(name: str) -> None:
    one = report(record())
    first, second = replace(one, **{name: ("a", "b")}), replace(one, **{name: ("b", "c")})
    assert LISTS[name](merge_reports([first, second])) == ("a", "b", "c")


@pytest.mark.parametrize("name", ["unused_allow", "unused_comments"])
def test_an_allow_entry_or_a_comment_is_unused_if_no_run_used_it(name: str) -> None:
    one = report(record())
    first, second = replace(one, **{name: ("a", "b")}), replace(one, **{name: ("b",)})
    assert getattr(merge_reports([first, second]), name) == ("b",)
    assert getattr(merge_reports([first, one]), name) == ()


def test_a_file_is_where_all_say_that_it_is() -> None:
    one = report(record())
    first, second = (
        replace(one, files=(("p.py", "a/p.py"), ("q.py", "q.py"))),
        replace(one, files=(("p.py", "b/p.py"),)),
    )
    assert merge_reports([first, second]).files == (("q.py", "q.py"),)


@pytest.mark.parametrize("case", MANY)
def test_what_is_omitted_is_counted(case: str) -> None:
    others = report(record(*map(MANY[case], range(10_000, 11_000))))
    merged = merge_reports([ten_thousand(MANY[case]), others])
    assert merged.new == 11_000
    assert sum(violation.count for group in merged.groups for violation in group.violations) + merged.omitted == 11_000
    assert len(json_text(merged)) < 1_000_000
