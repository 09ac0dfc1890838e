"""Print a report for people, as wide and as high as the stream."""

from __future__ import annotations

import shutil
from typing import TextIO

from enforcer.reports.terminal import SCREEN, terminal_report, wants_colour
from enforcer.reports.value import Report


def print_report(report: Report, stream: TextIO, *sentences: str, verbose: bool = False) -> None:
    """Print it, and sentences of the command after it."""
    size = shutil.get_terminal_size((80, SCREEN)) if stream.isatty() else None
    lines = terminal_report(
        report,
        width=size and size.columns,
        colour=wants_colour(stream),
        height=max(size.lines - 2, 20) if size else SCREEN,
        verbose=verbose,
    )
    stream.write(fit_for(stream, "\n".join(["", *lines, *sentences, ""])))
    stream.flush()


def fit_for(stream: TextIO, text: str) -> str:
    """`text` with escapes for the letters that the stream cannot show: these must not cost all the rest."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
