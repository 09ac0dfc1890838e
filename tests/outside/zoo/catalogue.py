"""What is known of each plugin: where it is published, and a small project that exercises it.

The file is YAML, a list of projects:

    - name: example                        # how a checkout is given: example=DIRECTORY
      url: https://example.org/example.git
      licence: MIT
      revision: 0123...                    # the commit that the descriptions were made for
      plugins:
      - kind: hello
        type: elements                     # or sources, source-mirrors
        path: plugins/elements             # the folder that is loaded with the origin `local`
        target: hello.bst                  # what is built
        files: {elements/hello.bst: ...}   # put into a copy of tests/outside/third_party_plugins

Of a plugin, these may be given too: `track`, for one that is tracked before it is built; `git`, where the small project
must be a repository with a tag; `revision`, where it is another one; `requires`, with `programs` and Python `modules`;
`varies`, why its artifacts differ from build to build in stock, too; `expected`, what is rightly found, as entries of
`allow` with their reasons; `not_run`, why it cannot be tried.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

CATALOGUE = Path(__file__).with_name("plugins.yaml")


@dataclass(frozen=True)
class Plugin:
    """One plugin, and how it is exercised."""

    kind: str
    type: str
    path: str
    revision: str
    target: str = ""
    files: dict[str, str] = field(default_factory=dict)
    track: bool = False
    git: bool = False
    requires: dict[str, list[str]] = field(default_factory=dict)
    varies: str = ""
    expected: dict[str, str] = field(default_factory=dict)
    not_run: str = ""

    def steps(self) -> Iterator[list[str]]:
        """The arguments of each `bst`, in order."""
        if self.track:
            yield ["source", "track", "--deps", "all", self.target]
        yield ["source", "fetch", "--deps", "all", self.target]
        yield ["build", self.target]

    def obstacle(self) -> str:
        """Why it is not run on this machine; empty if it is."""
        lacking = [name for name in self.requires.get("programs", ()) if shutil.which(name) is None]
        lacking += [name for name in self.requires.get("modules", ()) if importlib.util.find_spec(name) is None]
        return self.not_run or (f"not installed: {', '.join(lacking)}" if lacking else "")


@dataclass(frozen=True)
class Project:
    """One public project with plugins."""

    name: str
    url: str
    licence: str
    revision: str
    plugins: tuple[Plugin, ...]


def read(path: Path) -> Iterator[Project]:
    """The projects of a catalogue."""
    for entry in YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")):
        given = entry.pop("plugins")
        plugins = tuple(Plugin(**{"revision": entry["revision"], **plugin}) for plugin in given)
        yield Project(**entry, plugins=plugins)
