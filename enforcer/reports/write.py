"""Write report files: whole or not at all, and known to be writable before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from enforcer.config import ReportTarget
from enforcer.errors import EnforcerError, UsageError
from enforcer.files import real_path, try_to_write, write_whole
from enforcer.reports.json_report import json_text
from enforcer.reports.value import Report

FORMATS: Mapping[str, Callable[[Report], str]] = {"json": json_text}


def check_writable(targets: Iterable[ReportTarget]) -> None:
    """Raise `UsageError` for the first target that cannot be written, or that two reports would share."""
    seen: set[Path] = set()
    for target in targets:
        path = real_path(target.path)
        if path in seen:
            raise UsageError(f"two reports would be written to {str(target.path)!r}: give each its own file")
        seen.add(path)
        try:
            try_to_write(path)
        except OSError as error:
            raise UsageError(_cannot_write(target, error)) from error


def write_reports(report: Report, targets: Iterable[ReportTarget]) -> None:
    """Write `report` to every target; `EnforcerError` names the first that could not be written."""
    for target in targets:
        text = FORMATS[target.format](report)
        try:
            write_whole(target.path, text)
        except OSError as error:
            raise EnforcerError(_cannot_write(target, error)) from error


def _cannot_write(target: ReportTarget, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"cannot write the {target.format} report to {str(target.path)!r}: {reason}"
