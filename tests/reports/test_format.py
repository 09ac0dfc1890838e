"""A field of the report is written once, in the table of fields: everything else follows from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from enforcer.reports.access import Access
from enforcer.reports.cost import Cost
from enforcer.reports.coverage import CoverageReport, Covered, CoveredMethod
from enforcer.reports.elements import Element
from enforcer.reports.format import MERGE_RULES, REPORT, Listing, merge_rules
from enforcer.reports.json_report import schema, schema_text
from enforcer.reports.merge import merge_reports
from enforcer.reports.shapes import Field, Object, Text
from enforcer.reports.value import Example, Group, Report, Violation, build_report
from enforcer.results.findings import Finding, Job, Owner, Site
from enforcer.settings.settings import Settings
from tests.reports.records import COMMAND, VERSIONS, full_record

ROOT = Path(__file__).parents[2]


def objects(whole: Object = REPORT) -> Iterator[Object]:
    """All objects of the format."""
    yield whole
    for field in whole.fields:
        shape: Any = field.shape
        while not isinstance(shape, Object) and hasattr(shape, "_shape"):
            shape = shape._shape
        if isinstance(shape, Object):
            yield from objects(shape)


def read_names() -> list[set[str]]:
    """For each object, the attributes that are read back."""
    return [{field.attribute for field in each.fields if not field.derived} for each in objects()]


@pytest.mark.parametrize("value", [Job, Owner, Site, Access, Cost, Covered, CoveredMethod, CoverageReport])
def test_each_field_of_a_value_is_a_key_that_is_read(value: Any) -> None:
    # Where a file is on the machine is for nobody else to know.
    assert {field.name for field in fields(value)} - {"real"} in read_names()


def test_each_field_of_a_finding_and_of_its_violation_is_a_key_that_is_read() -> None:
    names = next(names for names in read_names() if "finding.rule" in names)
    of_violation = {field.name for field in fields(Violation)} - {"finding"}
    of_group = {field.name for field in fields(Group)} - {"violations"}
    assert names == {
        *(f"finding.{field.name}" for field in fields(Finding)),
        *(f"violation.{name}" for name in of_violation),
        *(f"group.{name}" for name in of_group),
    }
    assert {field.name for field in fields(Example)} == {"job", "nodeid"}
    assert Listing._fields == ("violation", "group")
    assert {field.name for field in fields(Element)} == {"name", "kind", "dependencies"}


def test_each_field_of_the_report_says_how_several_become_one() -> None:
    assert MERGE_RULES.keys() == {field.name for field in fields(Report)}


def test_a_field_without_a_rule_is_refused_when_the_table_is_made() -> None:
    forgotten = Object(dict, *(field for field in REPORT.fields if field.key != "errors"))
    with pytest.raises(TypeError, match=r"differ in errors$"):
        merge_rules(forgotten)


def test_a_row_without_a_field_is_refused_when_the_table_is_made() -> None:
    more = Field("later", Text(), "", merge=lambda merging, name: "")
    with pytest.raises(TypeError, match=r"differ in later$"):
        merge_rules(Object(dict, *REPORT.fields, more))


def test_the_published_schema_is_what_the_table_says() -> None:
    published = ROOT / "enforcer/reports/schema/report-1.json"
    assert published.read_text() == schema_text(), "write schema_text() of enforcer.reports.json_report into the file"


def test_a_row_reaches_json_schema_and_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    report = replace(build_report(full_record(), Settings(), COMMAND, VERSIONS), errors=("one",))
    rows = [row._replace(key="troubles", name="errors") if row.key == "errors" else row for row in REPORT.fields]
    monkeypatch.setattr(REPORT, "fields", tuple(rows))
    data = REPORT.plain(report)
    assert "errors" not in data
    assert data["troubles"] == ["one"]
    assert schema()["properties"]["troubles"]["description"] == "What kept us from looking."
    assert REPORT.read(data, "the report") == report


def test_what_a_row_says_of_merging_is_what_happens() -> None:
    report = build_report(full_record(), Settings(), COMMAND, VERSIONS)
    merged = merge_reports([replace(report, errors=("one",)), replace(report, errors=("two",))])
    assert merged.errors == ("one", "two")
