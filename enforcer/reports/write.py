"""Write report files: whole or not at all, and known to be writable before anything is built."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from enforcer.config import ReportTarget
from enforcer.errors import EnforcerError, UsageError
from enforcer.reports.json_report import json_text
from enforcer.reports.value import Report

FORMATS: Mapping[str, Callable[[Report], str]] = {"json": json_text}


def check_writable(targets: Iterable[ReportTarget]) -> None:
    """Raise `UsageError` for the first target that cannot be written, or that two reports would share."""
    seen: set[Path] = set()
    for target in targets:
        path = _real(target.path)
        if path in seen:
            raise UsageError(f"two reports would be written to {str(target.path)!r}: give each its own file")
        seen.add(path)
        try:
            _try_to_write(path)
        except OSError as error:
            raise UsageError(_cannot_write(target, error)) from error


def write_reports(report: Report, targets: Iterable[ReportTarget]) -> None:
    """Write `report` to every target; `EnforcerError` names the first that could not be written."""
    for target in targets:
        text = FORMATS[target.format](report)
        try:
            _write(_real(target.path), text)
        except OSError as error:
            raise EnforcerError(_cannot_write(target, error)) from error


def _cannot_write(target: ReportTarget, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"cannot write the {target.format} report to {str(target.path)!r}: {reason}"


def _real(path: Path) -> Path:
    # A symbolic link stays one: what it points to is replaced.
    return Path(os.path.realpath(path)) if path.is_symlink() and path.is_file() else path.absolute()


def _is_special(path: Path) -> bool:
    """A pipe or a terminal, such as `/dev/stdout`: it is written to, never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _try_to_write(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(0, "it is a directory")
    if _is_special(path):
        return
    temporary = _beside(path)
    with open(temporary, "x", encoding="utf-8"):
        pass
    os.unlink(temporary)


def _write(path: Path, text: str) -> None:
    if _is_special(path):
        path.write_text(text, encoding="utf-8")
        return
    temporary = _beside(path)
    try:
        with open(temporary, "x", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")
