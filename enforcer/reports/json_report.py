"""The report as JSON, format 1: `docs/` and `schema/report-1.json` say what each key means."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from typing import Any

from enforcer.reports.coverage import coverage_plain
from enforcer.reports.value import Group, Report, Violation

FORMAT = 1


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of format 1."""
    text = resources.files("enforcer.reports").joinpath("schema/report-1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def json_text(report: Report) -> str:
    """The report as the text of a file; ASCII, so that no encoding can spoil it."""
    plain = to_plain(report)
    # With a line for each of its numbers the graph would be most of the file.
    lists = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in plain.pop("graph").items())
    return f'{json.dumps(plain, indent=1)[:-2]},\n "graph": {{\n{lists}\n }}\n}}\n'


def to_plain(report: Report) -> dict[str, Any]:
    """The report as JSON-ready data; the order of keys is part of the text, so it is fixed here."""
    return {
        "format": FORMAT,
        "verdict": report.verdict,
        "mode": report.mode,
        "backend": report.backend,
        "command": list(report.command),
        "versions": dict(report.versions),
        "summary": _summary(report),
        "violations": [_violation(group, violation) for group in report.groups for violation in group.violations],
        "omitted": report.omitted,
        "omitted_groups": report.omitted_groups,
        "files": [{"file": file, "path": path} for file, path in report.files],
        "core_fills": [{"attribute": name, "count": count} for name, count in report.core_fills],
        "opaque": [{"type": name, "count": count} for name, count in report.opaque],
        "errors": list(report.errors),
        "unwatched": list(report.unwatched),
        "left_behind": list(report.left_behind),
        "unused_allow": list(report.unused_allow),
        "partial": list(report.partial),
        "coverage": coverage_plain(report.coverage),
        "access": [asdict(access) | {"job": access.job.to_plain()} for access in report.access],
        "graph": {
            "names": [element.name for element in report.graph],
            "kinds": [element.kind for element in report.graph],
            "dependencies": [list(element.dependencies) for element in report.graph],
        },
    }


def _summary(report: Report) -> dict[str, Any]:
    return {
        "jobs": report.jobs,
        "checked": report.checked,
        "elements": report.elements,
        "cells": report.cells,
        "exercised": list(report.exercised),
        "cached": list(report.cached),
        "opaque": sum(count for _, count in report.opaque),
        "core_fills": sum(count for _, count in report.core_fills),
        "violations": report.new,
        "known": report.known,
        "allowed": report.allowed,
    }


def _violation(group: Group, violation: Violation) -> dict[str, Any]:
    finding = violation.finding
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "known": finding.known,
        "allowed": finding.allowed,
        "job": finding.job.to_plain(),
        "nodeid": finding.nodeid,
        "owner": asdict(finding.owner),
        "path": finding.path,
        "change": finding.change,
        "before": finding.before,
        "after": finding.after,
        "site": finding.site and finding.site.to_plain(),
        "obtained": finding.obtained and finding.obtained.to_plain(),
        "core": finding.core and finding.core.to_plain(),
        "unblamed": finding.unblamed,
        "dependents": finding.dependents,
        "candidates": [job.to_plain() for job in finding.candidates],
        "count": violation.count,
        "examples": [{**example.job.to_plain(), "nodeid": example.nodeid} for example in violation.examples],
        "group_count": group.count,
        "aliases": list(finding.aliases),
        "explanation": list(finding.explanation),
        "undone": finding.undone,
        "plugin_file": finding.plugin_file,
        "allow_line": finding.allow_line,
        "baseline_line": violation.baseline_line,
        "fingerprint": violation.fingerprint,
    }
