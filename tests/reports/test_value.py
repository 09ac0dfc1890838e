"""The report sums up a record: grouped, sorted, bounded, and with one verdict."""

import random
from dataclasses import replace
from typing import Any

import pytest

from enforcer.reports.json_report import json_text
from enforcer.reports.terminal import SCREEN, terminal_report
from enforcer.reports.value import VIOLATION_LIMIT, build_report
from enforcer.results.findings import Job, Owner, Site
from enforcer.results.record import Record
from enforcer.settings.settings import AllowEntry, Mode, Settings
from tests.reports.many import MANY, ten_thousand
from tests.reports.records import COMMAND, FINDING, SITE, VERSIONS, WITH_CONTEXT, by, full_record, record


@pytest.mark.parametrize(
    ("made", "settings", "verdict"),
    [
        (record(), Settings(), "clean"),
        (record(FINDING), Settings(), "failed"),
        (record(FINDING), Settings(collect=True), "failed"),
        (record(FINDING), Settings(mode=Mode.SOFT), "warned"),
        (record(FINDING), Settings(mode=Mode.DISCARD), "warned"),
        (record(FINDING), Settings(mode=Mode.SOFT, collect=True), "failed"),
        (record(by("a.bst", severity="warning")), Settings(), "warned"),
        (record(by("a.bst", known=True), by("b.bst", allowed="why")), Settings(), "clean"),
        (record(errors=["we could not look"]), Settings(mode=Mode.SOFT), "failed"),
        (record(unwatched=["bst build"]), Settings(), "warned"),
        (Record(), Settings(), "nothing-checked"),
        (Record(jobs=3), Settings(), "nothing-checked"),
        (Record(jobs=3, findings=[FINDING]), Settings(), "failed"),
    ],
)
def test_verdict(made: Record, settings: Settings, verdict: str) -> None:
    assert build_report(made, settings, COMMAND, VERSIONS).verdict == verdict


def test_findings_of_one_group_are_one_group_with_a_count() -> None:
    report = build_report(
        record(FINDING, by("two.bst"), by("three.bst", path="environment['LD']")), Settings(), COMMAND
    )
    [group] = report.groups
    assert group.count == 3
    assert [(v.finding.path, v.count) for v in group.violations] == [("environment['CC']", 2), ("environment['LD']", 1)]
    assert [example.job.element for example in group.violations[0].examples] == ["app.bst", "two.bst"]


def test_the_representative_has_the_site_that_any_of_its_findings_has() -> None:
    report = build_report(record(FINDING, by("two.bst", site=SITE, path="environment['Z']")), Settings(), COMMAND)
    assert report.groups[0].finding.site == SITE


def test_every_test_that_ran_the_job_is_an_example() -> None:
    found = [by("app.bst", nodeid=f"test_{n}") for n in range(9)]
    [group] = build_report(record(*found), Settings(), COMMAND).groups
    assert [example.nodeid for example in group.violations[0].examples] == [f"test_{n}" for n in range(5)]
    assert group.count == 9


def test_new_errors_come_first_and_allowed_ones_do_not_hide_among_them() -> None:
    found = [by("a.bst", allowed="why"), by("b.bst", severity="warning"), by("c.bst", known=True), by("d.bst")]
    groups = build_report(record(*found), Settings(), COMMAND).groups
    assert [group.finding.job.element for group in groups] == ["d.bst", "b.bst", "a.bst", "c.bst"]


def test_known_and_allowed_findings_are_counted_apart() -> None:
    report = build_report(record(FINDING, by("b.bst", known=True), by("c.bst", allowed="why")), Settings(), COMMAND)
    assert (report.new, report.known, report.allowed) == (1, 1, 1)


def test_the_same_record_gives_the_same_bytes_in_any_order() -> None:
    plain = full_record().to_plain()
    texts = set()
    for seed in range(5):
        shuffled = {key: _shuffled(value, seed) for key, value in plain.items()}
        report = build_report(Record.from_plain(shuffled), Settings(), COMMAND, VERSIONS)
        texts.add((json_text(report), "\n".join(terminal_report(report))))
    assert len(texts) == 1


def _shuffled(value: object, seed: int) -> object:
    if isinstance(value, list):
        return random.Random(seed).sample(value, len(value))
    if isinstance(value, dict):
        return dict(random.Random(seed).sample(list(value.items()), len(value)))
    return value


@pytest.mark.parametrize("case", MANY)
def test_ten_thousand_findings_stay_readable(case: str) -> None:
    report = ten_thousand(MANY[case])
    listed = sum(violation.count for group in report.groups for violation in group.violations)
    assert report.new == 10_000
    assert report.groups
    assert listed + report.omitted == 10_000
    assert sum(len(group.violations) for group in report.groups) <= VIOLATION_LIMIT
    assert len(json_text(report)) < 1_000_000
    assert len(terminal_report(report)) <= SCREEN


def test_four_hundred_groups_of_usual_size_are_all_listed() -> None:
    core = Site("<site-packages>/buildstream/element.py", 1234, "set_public_data", "self.__dynamic_public[domain] = d")
    found = [by(f"e{n}.bst", path=f"attribute_{n}", site=SITE, core=core, before="x" * 300) for n in range(400)]
    report = build_report(record(*found), Settings(), COMMAND, VERSIONS)
    assert (len(report.groups), report.omitted, report.omitted_groups) == (400, 0, 0)
    assert len(json_text(report)) < 1_000_000


def test_the_first_of_a_group_has_the_lines_around_its_site() -> None:
    sites = {"site": WITH_CONTEXT, "obtained": replace(WITH_CONTEXT, line=29), "core": WITH_CONTEXT}
    found = [by(f"{name}.bst", owner=Owner("element", f"{name}.bst"), **sites) for name in "ab"]
    [group] = build_report(record(*found), Settings(), COMMAND, VERSIONS).groups
    first, second = (violation.finding for violation in group.violations)
    assert first.site is not None
    assert first.obtained is not None
    assert first.core is not None
    assert first.site.context == first.obtained.context == WITH_CONTEXT.context
    assert first.core.context == ()
    assert second.site is not None
    assert (second.site.context, second.site.context_start) == ((), 0)


def test_lines_around_a_site_take_no_room_from_findings() -> None:
    long = replace(SITE, context=tuple("x" * 200 for _ in range(7)), context_start=28)
    without = [by(f"e{n}.bst", path=f"p{n}", before="x" * 1500, site=SITE) for n in range(400)]
    with_ = [replace(finding, site=long, obtained=long) for finding in without]
    bare, full = (build_report(record(*found), Settings(), COMMAND, VERSIONS) for found in (without, with_))
    assert len(bare.groups) == len(full.groups)
    contexts = [bool(group.finding.site and group.finding.site.context) for group in full.groups]
    assert contexts == sorted(contexts, reverse=True)
    assert any(contexts)
    assert len(json_text(full)) < 1_000_000


def test_lines_around_a_site_are_shown_without_secrets_and_controls() -> None:
    context = ("token = 'hunter2'", "x = '\x1b[31m'", "y" * 500)
    made = record(by("a.bst", site=replace(SITE, context=context, context_start=30)))
    [group] = build_report(made, Settings(), COMMAND, VERSIONS).groups
    assert group.finding.site is not None
    assert group.finding.site.context == ("token = <masked>", r"x = '\x1b[31m'", "y" * 197 + "...")


def test_errors_are_listed_before_warnings_are() -> None:
    warnings = [by("a.bst", path=f"a{n}", severity="warning") for n in range(1000)]
    errors = [by("z.bst", path=f"z{n}", after="x" * 300) for n in range(VIOLATION_LIMIT)]
    report = build_report(record(*warnings, *errors), Settings(), COMMAND, VERSIONS)
    assert {group.finding.severity for group in report.groups} == {"error"}


@pytest.mark.parametrize(
    ("changes", "partial"),
    [
        ({}, ()),
        ({"cached": {"a.bst"}, "exercised": {"a.bst"}}, ()),
        ({"cached": {"a.bst"}}, ("1 element was cached (a.bst)",)),
        ({"checked": 55}, ("2 jobs were not checked",)),
        ({"errors": ["x"], "incomplete_reasons": {"-k 'x'"}}, ("-k 'x'", "something kept us from looking")),
        ({"unwatched": ["x", "y"]}, ("2 bst processes were not watched",)),
    ],
)
def test_a_report_says_why_it_is_of_no_full_run(changes: dict[str, Any], partial: tuple[str, ...]) -> None:
    made = record(**{"checked": 57, "cached": set(), **changes})
    assert build_report(made, Settings(), COMMAND, VERSIONS).partial == partial


def test_comments_that_no_finding_needed_are_reported_once_everything_was_checked() -> None:
    made = record(checked=57, cached=set(), comments={"k.py:1: ignore[a]", "k.py:2: ignore[b]"})
    made = replace(made, comments_used={"k.py:1: ignore[a]"})
    assert build_report(made, Settings(), COMMAND).unused_comments == ("k.py:2: ignore[b]",)
    assert build_report(replace(made, checked=41), Settings(), COMMAND).unused_comments == ()


def test_unused_allow_entries_are_reported_once_everything_was_checked() -> None:
    used = AllowEntry.parse("foreign-write base.bst environment[*]", "why")
    unused = AllowEntry.parse("foreign-write gone.bst *", "why")
    settings = Settings(allow=(used, unused))
    made = record(allow_used={str(used)}, checked=57, cached=set())
    assert build_report(made, settings, COMMAND).unused_allow == ("foreign-write gone.bst *",)
    assert build_report(replace(made, checked=41), settings, COMMAND).unused_allow == ()


def test_the_representatives_of_different_jobs_do_not_depend_on_who_came_first() -> None:
    late, early = by("z.bst"), replace(FINDING, job=Job("a.bst", "Build", 1, "my_kind"))
    assert build_report(record(late, early), Settings(), COMMAND).groups[0].finding.job.element == "a.bst"
