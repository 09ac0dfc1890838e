"""Read a JSON report back, as far as a baseline needs it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enforcer.baseline import Entry
from enforcer.errors import EnforcerError, UsageError
from enforcer.reports.json_report import FORMAT
from enforcer.text import printable


@dataclass(frozen=True)
class Told:
    """What one report says: which entries its findings need that nothing allows, and why it is not of a full run."""

    name: str
    entries: frozenset[Entry]
    partial: tuple[str, ...]


def read_report(path: Path) -> Told:
    """Read the report in `path`.

    Raises:
        UsageError: the file cannot be read, or is no report of a version that tells what is needed.
        EnforcerError: the report leaves out whole groups of findings.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the report {str(path)!r}: {printable(str(error))}") from error
    try:
        told, omitted = _told(str(path), data), int(data["omitted_groups"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{str(path)!r} is no JSON report of format {FORMAT} with all that a baseline needs: write it anew"
        ) from error
    if omitted:
        raise EnforcerError(
            f"{str(path)!r} leaves out {omitted} groups of findings, as there are so many: "
            "update or prune the baseline in the run itself, without --from"
        )
    return told


def _told(name: str, data: Any) -> Told:
    if data["format"] != FORMAT:
        raise ValueError(data["format"])
    lines = [violation["baseline_line"] for violation in data["violations"] if violation["allowed"] is None]
    return Told(name, frozenset(map(Entry.parse, lines)), tuple(map(str, data["partial"])))
