"""The HTML page that a failed run leads to: the one it was asked for, else one in the user's cache directory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from enforcer.atomic_write import is_special, write_whole
from enforcer.reports.value import FAILED, Report
from enforcer.reports.write import report_text
from enforcer.settings.settings import Settings

FOLDER = "buildstream-enforcer"

# As pytest tells.
_CI = ("CI", "BUILD_NUMBER")
_KEPT = 20


def page_line(
    report: Report, settings: Settings, directory: Path, environ: Mapping[str, str] = os.environ
) -> str | None:
    """The last line of a failed run, with the address of its page; None where there is none.

    Where no page was asked for, it is written now, but on CI, where nobody would read it. A run does not fail because
    that cannot be done: the line says so.

    Args:
        report: of the run, its files written.
        settings: what the run was asked to do.
        directory: the one that the run is about; each has a page of its own, which the next failed run replaces.
        environ: says whether this is CI, and where caches are.
    """
    if report.verdict != FAILED:
        return None
    asked = [each.path for each in settings.reports if each.format == "html" and not is_special(each.path)]
    if asked:
        return _leading_to(asked[0])
    if settings.no_html or any(map(environ.get, _CI)):
        return None
    path = _path(directory, environ)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, report_text(report, "html"))
        _forget_old(path.parent)
    except OSError as error:
        return f"no HTML page: cannot write {str(path)!r}: {error.strerror or error}"
    return _leading_to(path)


def _leading_to(path: Path) -> str:
    return f"page: {path.absolute().as_uri()}"


def _path(directory: Path, environ: Mapping[str, str]) -> Path:
    """The same for each run in `directory`, and readable."""
    caches = Path(environ.get("XDG_CACHE_HOME", ""))
    if not caches.is_absolute():
        caches = Path(os.path.expanduser("~"), ".cache")
    place = os.path.realpath(directory)
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:8]
    return caches / FOLDER / f"{os.path.basename(place) or 'root'}-{digest}.html"


def _forget_old(folder: Path) -> None:
    """Pages of directories that are long gone, most likely."""
    with suppress(FileNotFoundError):  # another run does the same
        pages = sorted(folder.glob("*.html"), key=os.path.getmtime, reverse=True)
        for page in pages[_KEPT:]:
            page.unlink()
