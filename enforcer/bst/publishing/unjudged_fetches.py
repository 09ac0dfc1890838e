"""Fetch jobs that have no clean verdict yet, remembered on disk.

What a source plugin downloads into its own mirror directory is out of our reach: it stays when
the job violates or is killed, and the next run would find the source cached and never call
`fetch()` again. So each Fetch job leaves a mark before its action, and a clean verdict removes
it; where a mark is found, the element's sources are fetched anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

from enforcer.bst.elements.names import full_name
from enforcer.bst.elements.parts import sources_of

MARKS_FOLDER = "enforcer-unjudged_fetches"
"""Name of the folder in BuildStream's cache directory; one empty file an element."""


class UnjudgedFetches:
    """The marks below one cache directory."""

    def __init__(self, context: Any) -> None:
        self._folder = Path(context.cachedir) / MARKS_FOLDER

    def begin(self, element: Any, anew: bool) -> None:
        """Mark `element`; where it was marked before, its sources do not count as cached in this job if `anew`."""
        mark = self._mark(element)
        if anew and mark.exists():
            for source in sources_of(element):
                object.__setattr__(source, "_Source__is_cached", False)
        self._folder.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def end(self, element: Any) -> None:
        """The verdict is clean: take the mark away."""
        self._mark(element).unlink(missing_ok=True)

    def close(self) -> None:
        """Leave no empty folder."""
        with contextlib.suppress(OSError):
            os.rmdir(self._folder)

    def _mark(self, element: Any) -> Path:
        project = element._get_project().name
        return self._folder / hashlib.sha256(f"{project}/{full_name(element)}".encode()).hexdigest()
