"""Write report files: whole or not at all, and known to be writable before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name

from enforcer.atomic_write import is_special, real_path, try_to_write, write_whole
from enforcer.errors import EnforcerError, UsageError
from enforcer.reports.value import Report
from enforcer.settings.settings import ReportTarget

FORMATS: Mapping[str, str] = {
    "json": "enforcer.reports.json_report:json_text",
    "html": "enforcer.reports.html.page:html_text",
    "sarif": "enforcer.reports.sarif:sarif_text",
    "github": "enforcer.reports.github:github_text",
    "markdown": "enforcer.reports.markdown:markdown_text",
    "junit": "enforcer.reports.junit:junit_text",
}
"""For each format the function that gives a report as the text of a file; imported when it is needed."""

NEEDS: Mapping[str, str] = {"junit": "junitparser"}
"""What a format imports that is installed with the extra of its name only."""


def check_targets(targets: Iterable[ReportTarget]) -> None:
    """Raise `UsageError` for the first target that cannot be written, or that two reports would share."""
    seen: set[Path] = set()
    for target in targets:
        _check_format(target.format)
        path = real_path(target.path)
        if path in seen:
            raise UsageError(f"two reports would be written to {str(target.path)!r}: give each its own file")
        seen.add(path)
        try:
            try_to_write(path)
        except OSError as error:
            raise UsageError(_cannot_write(target, error)) from error


def _check_format(name: str) -> None:
    needed = NEEDS.get(name)
    if needed is not None and find_spec(needed) is None:
        raise UsageError(
            f"the report format {name} needs {needed}, which is not installed: "
            f"pip install 'buildstream-enforcer[{name}]'"
        )


def report_text(report: Report, name: str) -> str:
    """The text of a file of the format `name`."""
    text: Callable[[Report], str] = resolve_name(FORMATS[name])
    return text(report)


def write_reports(report: Report, targets: Sequence[ReportTarget]) -> list[str]:
    """Write `report` to every target; `EnforcerError` names the first that could not be written.

    Returns:
        for each file what was written and where, as people read it.
    """
    for target in targets:
        text = report_text(report, target.format)
        try:
            write_whole(target.path, text)
        except OSError as error:
            raise EnforcerError(_cannot_write(target, error)) from error
    files = (target for target in targets if not is_special(target.path))
    return [f"wrote enforcement report {target.format}: {target.path}" for target in files]


def _cannot_write(target: ReportTarget, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"cannot write the {target.format} report to {str(target.path)!r}: {reason}"
