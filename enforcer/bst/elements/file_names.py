"""How messages name files: never by a path of this machine."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent
from typing import Any

from enforcer.blame.place import Place
from enforcer.bst.elements.names import full_name
from enforcer.graph.values import vars_of
from enforcer.reports.places import repository_root
from enforcer.results.findings import Site

_AROUND = 3
"""How many lines of a file are shown before and after the one that matters."""


def is_installed(file: str) -> bool:
    """Whether the file came with an installed package, and is nobody's checkout."""
    parts = file.split(os.sep)
    return "site-packages" in parts or "dist-packages" in parts


class FileNames:
    """The names of files for one run.

    Args:
        projects: those of the run.
        directory: any in the repository that the run is about.
    """

    def __init__(self, projects: Iterable[Any], directory: Path) -> None:
        found = [(str(vars_of(project)["directory"]), _prefix(project)) for project in projects]
        # A project may lie in another one: the innermost counts.
        self._projects = sorted(found, key=lambda each: len(each[0]), reverse=True)
        root = repository_root(directory)
        self._repository = root if (root / ".git").exists() else None
        self._known: dict[str, str] = {}

    def shown(self, file: str) -> str:
        """A file relative to its project (behind a junction as `sub.bst:plugins/my_kind.py`), else to the repository.

        Else relative to the installed packages, else its name alone.
        """
        if file not in self._known:
            # What was imported by way of `sys.path` may lie beside it: `plugins/../lib/acme.py`.
            self._known[file] = self._shown(Path(os.path.normpath(file)))
        return self._known[file]

    def _shown(self, path: Path) -> str:
        for directory, prefix in self._projects:
            if path.is_relative_to(directory):
                return f"{prefix}{path.relative_to(directory)}"
        real = Path(os.path.realpath(path))
        if self._repository is not None and real.is_relative_to(self._repository) and not is_installed(str(path)):
            return str(real.relative_to(self._repository))
        for folder in map(Path, sorted(filter(None, sys.path), key=len, reverse=True)):
            if path.is_relative_to(folder) and folder.is_absolute():
                return f"<site-packages>/{path.relative_to(folder)}"
        return path.name

    def places(self, files: Iterable[str]) -> set[tuple[str, str]]:
        """How messages name these files, and where they are; without those that are merely installed."""
        return {(self.shown(file), os.path.abspath(file)) for file in files if not is_installed(file)}

    def site_of(self, place: Place | None) -> Site | None:
        """The place in a source file, if there is one, with the text of its line and of those around it."""
        if place is None:
            return None
        filename, line, function = place
        start = max(line - _AROUND, 1)
        lines = linecache.getlines(filename)[start - 1 : line + _AROUND]
        return Site(
            self.shown(filename),
            line,
            function,
            code=linecache.getline(filename, line).strip(),
            context=tuple(dedent("".join(lines).expandtabs(4)).splitlines()),
            context_start=start,
            real=filename,
        )


def _prefix(project: Any) -> str:
    junction = vars_of(project).get("junction")
    return "" if junction is None else f"{full_name(junction)}:"
