"""A report is read back as far as a baseline needs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from enforcer.baseline import Entry
from enforcer.config import Settings
from enforcer.errors import UsageError
from enforcer.reports.json_report import json_text
from enforcer.reports.read import read_report
from enforcer.reports.value import build_report
from tests.reports.records import COMMAND, full_record, record


def test_what_is_not_allowed_comes_back_known_or_not(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    made = full_record()
    path.write_text(json_text(build_report(made, Settings(), COMMAND)))
    told = read_report(path)
    assert told.entries == {Entry.of(finding) for finding in made.findings if finding.allowed is None}
    assert told.name == str(path)
    assert "-k 'slow'" in told.partial


@pytest.mark.parametrize(
    "spoil",
    [
        {"format": 2},
        {"partial": None},
        {"omitted_groups": "many"},
        {"violations": [{}]},
        {"violations": [{"allowed": None, "baseline_line": "no line"}]},
    ],
)
def test_a_report_that_says_less_is_refused(tmp_path: Path, spoil: dict[str, object]) -> None:
    path = tmp_path / "r.json"
    data = json.loads(json_text(build_report(record(), Settings(), COMMAND)))
    path.write_text(json.dumps({**data, **spoil}))
    with pytest.raises(UsageError, match=r"r.json' is no JSON report of format 1 with all that a baseline needs"):
        read_report(path)


@pytest.mark.parametrize("text", ["[]", "3", "null"])
def test_json_that_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(UsageError, match="is no JSON report"):
        read_report(tmp_path / "r.json")


@pytest.mark.parametrize("content", [b"{", b"\xff"])
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(UsageError, match="cannot read the report"):
        read_report(tmp_path / "r.json")
