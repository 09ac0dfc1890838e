"""docs/json.md has every key of the schema, and a report as a run writes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from enforcer.reports.json_report import schema
from tests.docs.json_page import shown, tables, true_example


def keys(node: Any) -> set[str]:
    """Every key that the schema names, wherever it stands."""
    if isinstance(node, list):
        return set().union(*map(keys, node))
    if not isinstance(node, dict):
        return set()
    own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    return own.union(*map(keys, node.values()))


def test_the_keys_are_those_of_the_schema_and_all_are_described() -> None:
    assert shown()["keys"] == tables(), "write it anew: python -m tests.docs.json_page"
    assert set(re.findall(r"^\| `(\w+)` \|", tables(), re.MULTILINE)) == keys(schema())


@pytest.mark.once
def test_the_example_is_what_a_run_writes(tmp_path: Path) -> None:
    pytest.importorskip("buildstream")
    page, run = comparable(shown()["example"]), comparable(true_example(tmp_path))
    assert page == run, "write it anew: python -m tests.docs.json_page"


def comparable(text: str) -> dict[str, Any]:
    """Without what depends on the versions of Python and of what is installed."""
    report: dict[str, Any] = json.loads(text)
    del report["versions"], report["opaque"], report["summary"]["opaque"], report["summary"]["cells"]
    return report
