"""What plugin code ran, as reports show it, and what several reports say of it together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from enforcer.reports.coverage import coverage_lines, gap, merged_coverage, ranges
from enforcer.reports.json_report import json_text
from enforcer.reports.merge import merge_reports
from enforcer.reports.read import read_report
from enforcer.reports.value import Report, build_report
from enforcer.reports.write import report_text
from enforcer.results.plugin_coverage import Coverage, PluginCode, Ran
from enforcer.results.record import Record
from enforcer.settings.settings import Mode, Settings
from tests.reports.records import COMMAND, COVERAGE, VERSIONS, full_record, record

SETTINGS = Settings(mode=Mode.SOFT, coverage=True)


def reported(made: Record, settings: Settings = SETTINGS) -> Report:
    return build_report(made, settings, COMMAND, VERSIONS)


def test_a_few_lines_have_the_totals_and_what_never_ran() -> None:
    report = reported(
        record(coverage=COVERAGE, elements={"a.bst", "b.bst", "app.bst"}, exercised={"app.bst"}, cached={"a.bst"})
    )
    assert coverage_lines(report.coverage) == [
        "plugin code in checked jobs: 1 of 1 plugin, 1 of 2 methods, 3 of 7 lines",
        "  my_kind.MyKind: never ran stage, lines 12, 21",
        "  helper: never ran",
        "  no job of these elements was checked: b.bst (1)",
    ]


def test_where_nobody_asked_nothing_is_said() -> None:
    report = reported(record(coverage=COVERAGE), Settings(mode=Mode.SOFT))
    assert report.coverage is None
    assert coverage_lines(report.coverage) == []
    assert json.loads(json_text(report))["coverage"] is None


def test_where_all_ran_that_is_said() -> None:
    (code,) = (code for code in COVERAGE.code.values() if code.kind == "my_kind")
    ran = {"kind": Ran(set(code.lines), {"assemble", "stage"})}
    covered = reported(record(coverage=Coverage({"kind": code}, ran))).coverage
    assert covered
    assert [gap(each) for each in covered.plugins] == ["all ran"]
    assert coverage_lines(covered)[0].endswith("1 of 1 plugin, 2 of 2 methods, 6 of 6 lines")


def test_plugins_of_buildstream_alone_are_told_in_words() -> None:
    bundled = Coverage({key: code for key, code in COVERAGE.code.items() if code.bundled})
    assert coverage_lines(reported(record(elements=set(), coverage=bundled)).coverage) == [
        "no plugin but BuildStream's own was loaded"
    ]


def test_many_gaps_stay_few_lines() -> None:
    code = {
        f"{n}": PluginCode(f"kind{n}", "element", "k", f"{n}.py", False, tuple(range(1, 100, 2))) for n in range(40)
    }
    ran = {key: Ran({1}) for key in code}
    lines = coverage_lines(reported(record(elements=set(), coverage=Coverage(code, ran))).coverage)
    assert len(lines) == 8
    assert lines[-1] == "  and more in 34 other places"
    assert max(map(len, lines)) < 120


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((), ""),
        ((7,), "7"),
        ((1, 2, 3, 5, 7, 8), "1-3, 5, 7-8"),
        (tuple(range(0, 40, 2)), "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, ..."),
    ],
)
def test_lines_are_told_by_where_they_begin_and_end(lines: tuple[int, ...], text: str) -> None:
    assert ranges(lines) == text


def test_a_record_keeps_it_on_its_way(tmp_path: Path) -> None:
    made = full_record()
    again = Record.from_plain(json.loads(json.dumps(made.to_plain())))
    assert again.coverage == made.coverage


def test_a_report_that_is_read_says_the_same(tmp_path: Path) -> None:
    report = reported(full_record())
    path = tmp_path / "report.json"
    path.write_text(json_text(report), encoding="utf-8")
    assert read_report(path) == report


def test_a_report_from_before_has_none(tmp_path: Path) -> None:
    plain = json.loads(json_text(reported(full_record())))
    del plain["coverage"]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert read_report(path).coverage is None


@pytest.mark.parametrize("format_", ["json", "html", "sarif", "github", "markdown", "junit"])
def test_every_format_says_it(format_: str) -> None:
    text = report_text(reported(full_record()), format_)
    assert "my_kind.MyKind" in text or "my&#95;kind&#46;MyKind" in text
    assert "stage" in text


def test_what_ran_in_any_of_several_runs_ran() -> None:
    first = reported(record(coverage=COVERAGE, elements={"app.bst", "b.bst"}, exercised={"app.bst"}, cached=set()))
    other = Coverage(COVERAGE.code, {"kind": Ran({12, 21, 30}, {"stage", "configure"}), "helper": Ran({1})})
    second = reported(record(coverage=other, elements={"app.bst", "b.bst"}, exercised={"b.bst"}, cached=set()))
    merged = merge_reports([first, second]).coverage
    assert merged
    kind, helper, bundled = merged.plugins
    assert (kind.ran, kind.never, kind.outside) == ((10, 11, 12, 20, 21, 30), (), ())
    assert {method.name: method.state for method in kind.methods} == dict.fromkeys(
        ("assemble", "configure", "stage"), "ran"
    )
    assert (helper.ran, helper.never) == ((1,), (2,))
    assert bundled.ran == (5,)
    assert merged.skipped == ()


def test_two_texts_of_one_plugin_are_not_added_up() -> None:
    code = replace(COVERAGE.code["helper"], lines=(1, 2, 3))
    first, second = (
        reported(record(coverage=Coverage({"helper": each}, {"helper": Ran({1})}))).coverage
        for each in (COVERAGE.code["helper"], code)
    )
    merged = merged_coverage([first, None, second], ())
    assert merged
    assert sorted(each.never for each in merged.plugins) == [(2,), (2, 3)]


def test_a_list_of_lines_that_cannot_be_is_refused(tmp_path: Path) -> None:
    from enforcer.errors import UsageError

    for wrong in ([[3, 1]], [[1, 10**12]], [[1]], [[0, 2]]):
        plain = json.loads(json_text(reported(full_record())))
        plain["coverage"]["plugins"][0]["ran"] = wrong
        path = tmp_path / "report.json"
        path.write_text(json.dumps(plain), encoding="utf-8")
        with pytest.raises(UsageError, match="ran holds more than"):
            read_report(path)
