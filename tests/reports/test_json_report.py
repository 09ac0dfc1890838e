"""The JSON report keeps its published schema."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from enforcer.reports.json_report import json_text, schema, to_plain
from enforcer.reports.value import build_report
from enforcer.results.record import Record
from enforcer.settings.settings import Mode, Settings
from tests.reports.records import COMMAND, VERSIONS, by, full_record, record


def plain(made: Record, settings: Settings | None = None) -> dict[str, Any]:
    return to_plain(build_report(made, settings or Settings(), COMMAND, VERSIONS))


def errors(data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(data)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("made", [full_record(), record(), Record()], ids=["full", "clean", "nothing"])
@pytest.mark.parametrize("mode", list(Mode))
def test_reports_keep_the_schema(made: Record, mode: Mode) -> None:
    assert errors(json.loads(json_text(build_report(made, Settings(mode=mode), COMMAND)))) == []


def test_a_report_without_buildstream_keeps_the_schema() -> None:
    assert errors(to_plain(build_report(record(), Settings(), COMMAND, {**VERSIONS, "buildstream": None}))) == []


def _spoil(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    spoiled: dict[str, Any] = json.loads(json.dumps(data))
    *keys, last = path.split(".")
    place: Any = spoiled
    for key in keys:
        place = place[int(key) if key.isdigit() else key]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return spoiled


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", 2),
        ("verdict", "fine"),
        ("mode", "lenient"),
        ("summary.checked", -1),
        ("summary.jobs", KeyError),
        ("summary.cached", ["a.bst", "a.bst"]),
        ("violations.0.rule", KeyError),
        ("violations.0.rule", ""),
        ("violations.0.owner.kind", "thing"),
        ("violations.0.owner.address", "0x7f"),
        ("violations.0.job.try", 0),
        ("violations.0.change", "touched"),
        ("violations.0.before", 1),
        ("violations.0.site", "file:1"),
        ("violations.0.examples", []),
        ("violations.0.fingerprint", "xyz"),
        ("opaque.0.count", 0),
        ("errors", "none"),
        ("access", None),
    ],
)
def test_the_schema_refuses_a_spoiled_report(path: str, value: Any) -> None:
    data = plain(full_record())
    assert errors(data) == []
    assert errors(_spoil(data, path, value))


@pytest.mark.parametrize("place", ["later", "summary.later", "violations.0.later"])
def test_the_schema_lets_format_1_gain_keys(place: str) -> None:
    assert errors(_spoil(plain(full_record()), place, 1)) == []


def _undeclared(data: Any, rule: Any, whole: dict[str, Any]) -> Iterator[str]:
    """Keys that the report has and the schema does not describe, although it would let them pass."""
    rule = rule.get("anyOf", [rule])[0]  # the other one is null
    while "$ref" in rule:
        rule = whole["$defs"][rule["$ref"].rsplit("/", 1)[1]]
    if isinstance(data, dict):
        for key, value in data.items():
            if key not in rule["properties"]:
                yield key
            else:
                yield from _undeclared(value, rule["properties"][key], whole)
    elif isinstance(data, list):
        for item in data:
            yield from _undeclared(item, rule["items"], whole)


def test_the_schema_describes_every_key() -> None:
    whole = schema()
    data = plain(full_record())
    assert list(_undeclared(data, whole, whole)) == []


def test_nothing_that_the_record_knows_is_lost() -> None:
    data = plain(full_record())
    assert data["summary"] == {
        "jobs": 57,
        "checked": 41,
        "elements": 60,
        "cells": 4711,
        "exercised": ["app.bst", "two.bst"],
        "cached": sorted(f"e{n}.bst" for n in range(16)),
        "opaque": 12,
        "core_fills": 12,
        "violations": 6,
        "warnings": 1,
        "known": 1,
        "allowed": 1,
    }
    assert data["opaque"] == [{"type": "Variables", "count": 8}, {"type": "_thread.lock", "count": 4}]
    assert data["core_fills"] == [{"attribute": "_Element__proxies", "count": 12}]
    assert data["errors"] == ["the walk met something unknown"]
    assert data["unwatched"] == ["bst build x.bst ran without enforcer"]
    assert data["left_behind"] == ["<cache>/sources/tar"]


def test_null_is_absent_and_none_is_the_value() -> None:
    [violation] = plain(record(by("a.bst", before="None", after=None, change="removed")))["violations"]
    assert (violation["before"], violation["after"]) == ("None", None)


def test_a_secret_reaches_no_file() -> None:
    found = by("a.bst", path="environment['API_TOKEN']", before="'old-s3cret'", after="'s3cret'")
    made = record(found, errors=["git clone https://bob:s3cret@host failed"])
    report = build_report(made, Settings(), ["bst", "--option", "password=s3cret"], VERSIONS)
    assert "s3cret" not in json_text(report)


def test_the_text_is_ascii_and_ends_with_a_newline() -> None:
    text = json_text(build_report(record(by("größe.bst", after="'\udce9'")), Settings(), COMMAND))
    assert text.isascii()
    assert text.endswith("}\n")


def test_no_address_reaches_the_report() -> None:
    found = by("a.bst", before="<Thing object at 0x7f9b08581910>", explanation=["<Thing object at 0x7f9b>"])
    text = json_text(build_report(record(found, errors=["<Thing at 0x7F9B0858> failed"]), Settings(), COMMAND))
    assert "0x" not in text
    assert "<Thing object>" in text
