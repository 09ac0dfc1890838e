"""Write the report as JSON, and the schema that it keeps; both as `format.py` says."""

from __future__ import annotations

import json
from typing import Any

from enforcer.reports.format import DEFINED, FORMAT, REPORT
from enforcer.reports.value import Report

__all__ = ["FORMAT", "json_text", "schema", "schema_text", "to_plain"]


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of format 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:buildstream-enforcer:report-{FORMAT}",
        "title": f"Report of buildstream-enforcer, format {FORMAT}",
        "description": f"Format {FORMAT} may gain keys where additionalProperties is true; everything else needs "
        "another format number.",
        **REPORT.definition(),
        "$defs": {each.ref: each.definition() for each in DEFINED},
    }


def schema_text() -> str:
    """The text of the published file `schema/report-1.json`."""
    return json.dumps(schema(), indent=2) + "\n"


def json_text(report: Report) -> str:
    """The report as the text of a file; ASCII, so that no encoding can spoil it."""
    plain = to_plain(report)
    # With a line for each of their values these would be most of the file.
    graph = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in plain.pop("graph").items())
    rows = [_rows(name, plain.pop(name)) for name in ("access", "access_between_jobs")]
    return f'{json.dumps(plain, indent=1)[:-2]},\n{"".join(rows)} "graph": {{\n{graph}\n }}\n}}\n'


def _rows(name: str, rows: list[Any]) -> str:
    """A list with one line for each of its rows."""
    if not rows:
        return f' "{name}": [],\n'
    return f' "{name}": [\n' + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n ],\n"


def to_plain(report: Report) -> dict[str, Any]:
    """The report as JSON-ready data; the order of keys is part of the text."""
    return REPORT.plain(report)
