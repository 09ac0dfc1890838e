"""The one place in the repository that a finding is shown at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from enforcer.reports.value import Report
from enforcer.results.findings import Finding


class FilePlace(NamedTuple):
    """A place in a file.

    Attributes:
        file: as messages name it.
        line: from 1; 0 where it is not known.
        path: of the file in the repository; None where it is not there.
    """

    file: str
    line: int
    path: str | None


def finding_place(report: Report, finding: Finding) -> FilePlace | None:
    """Where it was changed; else where what was changed was obtained; else the file of the plugin.

    A place in the repository goes before one that is not. None where no file is known at all.
    """
    places = [place_at(report, file, line) for file, line in _files(finding)]
    return next((place for place in places if place.path is not None), places[0] if places else None)


def place_at(report: Report, file: str, line: int) -> FilePlace:
    """A place in `file`, which is named as in messages."""
    return FilePlace(file, line, dict(report.files).get(file))


def _files(finding: Finding) -> Iterator[tuple[str, int]]:
    for site in filter(None, (finding.site, finding.obtained)):
        yield site.file, site.line
    if finding.plugin_file is not None:
        yield finding.plugin_file, 0
