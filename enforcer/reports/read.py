"""Read a JSON report back: the same value, so that it gives the same bytes again."""

from __future__ import annotations

import json
from pathlib import Path

from enforcer.errors import UsageError
from enforcer.masking import printable
from enforcer.reports.format import FORMAT, REPORT
from enforcer.reports.value import Report


def read_report(path: Path) -> Report:
    """The report that is in the file `path`, made fit to be shown like any other: somebody else may have written it.

    Raises:
        UsageError: the file cannot be read, or is no report of this format.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"cannot read the report {str(path)!r}: {printable(str(error))}") from error
    try:
        report: Report = REPORT.read(data, "the report")
    except ValueError as error:
        why = printable(str(error))
        raise UsageError(
            f"{str(path)!r} is no JSON report of format {FORMAT} with all that is needed: write it anew ({why})"
        ) from error
    return report
