"""A report is read back as the value that it was; anything else is refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from enforcer.errors import UsageError
from enforcer.reports.access import Access
from enforcer.reports.json_report import json_text
from enforcer.reports.merge import merge_reports
from enforcer.reports.read import read_report
from enforcer.reports.value import Report, build_report
from enforcer.results.record import Record
from enforcer.settings.settings import Mode, Settings
from tests.reports.many import MANY, ten_thousand
from tests.reports.records import COMMAND, FINDING, VERSIONS, by, full_record, record


def written(directory: Path, data: Any) -> Path:
    path = directory / "r.json"
    path.write_text(json.dumps(data))
    return path


def full() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json_text(build_report(full_record(), Settings(), COMMAND, VERSIONS)))
    return data


def soft(made: Record) -> Report:
    return build_report(made, Settings(mode=Mode.SOFT), COMMAND, VERSIONS)


REPORTS: dict[str, Callable[[], Report]] = {
    "full": lambda: soft(full_record()),
    "clean": lambda: soft(record()),
    "nothing": lambda: soft(Record()),
    "many aliases": lambda: soft(record(by("a.bst", aliases=[f"e{n}.bst" for n in range(9)]))),
    **{f"ten thousand: {name}": partial(ten_thousand, made) for name, made in MANY.items()},
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_is_read_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    report = REPORTS[name]()
    (tmp_path / "r.json").write_text(json_text(report))
    read = read_report(tmp_path / "r.json")
    assert json_text(read) == json_text(report)
    assert [group.count for group in read.groups] == [group.count for group in report.groups]


def test_the_value_is_the_same(tmp_path: Path) -> None:
    report = build_report(full_record(), Settings(), COMMAND, {**VERSIONS, "buildstream": None})
    (tmp_path / "r.json").write_text(json_text(report))
    assert read_report(tmp_path / "r.json") == report


def test_accesses_are_read_and_merged(tmp_path: Path) -> None:
    access = (
        Access(FINDING.job, "job", "element", "base.bst", "environment", "public", 2, 1),
        Access(FINDING.job, "job", "element", "base.bst", "name", "public", 1, 0),
    )
    report = replace(build_report(full_record(), Settings(), COMMAND, VERSIONS), access=access)
    (tmp_path / "r.json").write_text(json_text(report))
    read = read_report(tmp_path / "r.json")
    assert read == report
    assert [(each.attribute, each.reads, each.writes) for each in merge_reports([read, read]).access] == [
        ("environment", 4, 2),
        ("name", 2, 0),
    ]


def test_keys_of_a_later_version_are_ignored(tmp_path: Path) -> None:
    data = full()
    data["later"] = data["summary"]["later"] = data["violations"][0]["later"] = 1
    assert json.loads(json_text(read_report(written(tmp_path, data)))) == full()


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("format", 2, "format is 2"),
        ("format", KeyError, "format is missing"),
        ("format", True, "format is True"),
        ("verdict", "fine", "verdict is 'fine'"),
        ("partial", None, "partial is None"),
        ("errors", [1], "errors holds more than texts"),
        ("omitted_groups", "many", "omitted_groups is 'many'"),
        ("summary", KeyError, "summary is no object"),
        ("summary.exercised", KeyError, "exercised is missing"),
        ("graph.kinds", ["import"], "the lists of graph differ in length"),
        ("graph.dependencies", [[7], [], []], "dependencies lead out of the graph"),
        ("graph.dependencies", [["a"], [], []], "dependencies holds more than lists of numbers"),
        ("violations.0.obtained.context", "x", "context is 'x'"),
        ("violations", [{}], "rule is missing"),
        ("violations.0.job", None, "job is no object"),
        ("violations.0.site", "a:1", "site is no object"),
        ("violations.0.site", KeyError, "site is no object"),
        ("violations.0.owner.kind", "thing", "kind is 'thing'"),
        ("violations.0.before", 3, "before is 3"),
        ("violations.0.baseline_line", "no line", "no line"),
        ("violations.0.undone", "yes", "undone is 'yes'"),
    ],
)
def test_what_is_no_report_of_this_format_is_refused_with_the_key(
    tmp_path: Path, place: str, value: Any, why: str
) -> None:
    data = full()
    *keys, last = place.split(".")
    spoiled: Any = data
    for key in keys:
        spoiled = spoiled[int(key) if key.isdigit() else key]
    if value is KeyError:
        del spoiled[last]
    else:
        spoiled[last] = value
    with pytest.raises(UsageError, match=r"r.json' is no JSON report of format 1 with all that is needed") as caught:
        read_report(written(tmp_path, data))
    assert f"({why})" in str(caught.value)


@pytest.mark.parametrize("data", [[], 3, None, "text"])
def test_json_that_is_no_report_is_refused(tmp_path: Path, data: object) -> None:
    with pytest.raises(UsageError, match="is no JSON report"):
        read_report(written(tmp_path, data))


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(UsageError, match="cannot read the report"):
        read_report(tmp_path / "r.json")


def test_what_others_wrote_into_a_report_is_made_fit_to_be_shown(tmp_path: Path) -> None:
    evil, token = "\x1b[2J\r\n\u202e", "ghp_" + "a" * 30

    def spoil(data: Any, key: str = "") -> Any:
        if isinstance(data, dict):
            return {name: spoil(value, name) for name, value in data.items()}
        if isinstance(data, list):
            return [spoil(value, key) for value in data]
        fixed = {"verdict", "mode", "severity", "change", "kind", "baseline_line", "way", "phase"}
        return data + evil + token if isinstance(data, str) and key not in fixed else data

    read = read_report(written(tmp_path, spoil(full())))
    texts = json.dumps(asdict(read), ensure_ascii=False).replace("\\n", "")
    assert texts.isprintable()
    assert token not in texts
