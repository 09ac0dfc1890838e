"""Where in the repository a file is that a report names: never by guess."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from enforcer.reports.shown import shown_code, shown_name


class ShownLine(NamedTuple):
    """A file as a report names it, and a line that it shows of it; 0 where it shows none.

    Attributes:
        path: of the finding; what it names decides what of the code is masked.
    """

    file: str
    number: int = 0
    path: str = ""
    code: str = ""


def repository_root(directory: Path) -> Path:
    """The root of the git repository that `directory` is in, or `directory` itself where it is in none."""
    real = Path(os.path.realpath(directory))
    return next((each for each in (real, *real.parents) if (each / ".git").exists()), real)


def repository_files(
    named: Iterable[ShownLine], recorded: Iterable[tuple[str, str]], directory: Path
) -> tuple[tuple[str, str], ...]:
    """For each file that a report names its path in the repository, sorted; without those that have none.

    A test builds a copy of a project as often as not. So a file counts as the one that is named only if the lines
    that the report shows stand in it, and if it is the only such one.

    Args:
        named: what the report names.
        recorded: how files of plugins are named, and where they were when they were loaded.
        directory: any in the repository; a file may also be relative to it.
    """
    root = repository_root(directory)
    places = defaultdict(set)
    for name, place in recorded:
        places[shown_name(name)].add(place)
    lines = defaultdict(set)
    for line in named:
        lines[line.file].add(line)
        places[line.file].add(os.path.join(directory, line.file))
    return tuple(_found(root, places, lines))


def _found(
    root: Path, places: Mapping[str, set[str]], lines: Mapping[str, set[ShownLine]]
) -> Iterable[tuple[str, str]]:
    for file in sorted(lines):
        inside = {path for place in places[file] if (path := Path(os.path.realpath(place))).is_relative_to(root)}
        holding = [path for path in inside if _holds(path, lines[file])]
        if len(holding) == 1:
            yield file, holding[0].relative_to(root).as_posix()


def _holds(path: Path, lines: Iterable[ShownLine]) -> bool:
    """Whether all these lines stand in the file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return all(
        not line.number or shown_code(line.path, "".join(text[line.number - 1 : line.number])) == line.code
        for line in lines
    )
