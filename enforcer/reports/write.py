"""Write report files: whole or not at all, and known to be writable before anything is built."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from enforcer.config import ReportTarget
from enforcer.errors import EnforcerError, UsageError
from enforcer.reports.json_report import json_text
from enforcer.reports.value import Report

_OWN_STREAMS: Mapping[str, int] = {"/dev/stdout": 1, "/dev/stderr": 2}

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
    is_link = path.is_symlink() and path.is_file() and not _is_special(path)
    return Path(os.path.realpath(path)) if is_link else path.absolute()


def _is_special(path: Path) -> bool:
    """A pipe, a terminal, or `/dev/stdout` whatever it leads to: it is written to, never replaced."""
    return path.absolute().parts[:2] == ("/", "dev") or (path.exists() and not path.is_file() and not path.is_dir())


def _try_to_write(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(0, "it is a directory")
    if _is_special(path) and path.exists():
        return
    temporary = _beside(path)
    with open(temporary, "x", encoding="utf-8"):
        pass
    os.unlink(temporary)


def _write(path: Path, text: str) -> None:
    if _is_special(path):
        # Opened by name, a redirected /dev/stdout would be written from its beginning.
        own = _OWN_STREAMS.get(str(path))
        with open(path if own is None else os.dup(own), "w", encoding="utf-8") as stream:
            stream.write(text)
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
