"""Caches of BuildStream that a run has to itself: where they are, and the configuration that leads `bst` there."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_REMOTES = ("artifacts", "source-caches")


class FreshCaches:
    """A directory for caches that nobody else uses, made when a build first asks for it.

    Attributes:
        spares_named: whether a `bst` that is given a configuration by name keeps the caches and remotes of that.
        uses: how often a build has asked for the directory.
    """

    def __init__(self, directory: Path | None = None, *, spares_named: bool = False) -> None:
        """Use `directory`, if another process has made one, which then is also that one's to remove."""
        self.spares_named = spares_named
        self.uses = 0
        self._directory = directory
        self._owner = os.getpid() if directory is None else None

    def directory(self) -> Path:
        """Where the caches are."""
        self.uses += 1
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="enforcer-fresh-"))
        return self._directory

    @property
    def exist(self) -> bool:
        """Whether there is a directory now."""
        return self._directory is not None

    def hold(self, path: str) -> bool:
        """Whether `path` is in the directory."""
        return self._directory is not None and Path(path).is_relative_to(self._directory)

    def unnamed(self, text: str | None) -> str | None:
        """`text` without the name of the directory, which is another one in each run."""
        return text.replace(str(self._directory), "<fresh>") if text and self._directory else text

    def remove(self) -> None:
        """Remove the directory, if it is this process's own; the next build gets another one."""
        if self._directory is None or self._owner != os.getpid():
            return
        directory, self._directory = self._directory, None
        try:
            _remove_tree(directory)
        except OSError as error:
            print(f"enforcer: cannot remove the fresh caches: {error}; remove {directory} by hand", file=sys.stderr)


@contextmanager
def fresh_caches(wanted: bool) -> Iterator[FreshCaches | None]:
    """Caches for one run, if they are wanted; however it ends, they are gone then."""
    caches = FreshCaches() if wanted else None
    try:
        yield caches
    finally:
        if caches is not None:
            caches.remove()


def write_fresh_config(directory: Path, base: Path | None) -> Path:
    """The user configuration `base`, but with all caches in `directory` and without remote caches; returns its path.

    Logs stay where `base` has them: messages name them. A storage service and remote execution stay in use,
    as what they keep replaces no job.
    """
    config = {} if base is None else _read(base)
    config |= {"cachedir": str(directory / "cache"), "sourcedir": str(directory / "sources")}
    projects = config.get("projects")
    for remotes in _REMOTES:
        # Overrides those that projects name. What bst's own command line names is used: it was asked for.
        config[remotes] = {"override-project-caches": "True"}
        for project in projects.values() if isinstance(projects, dict) else ():
            project.pop(remotes, None)
    path = directory / "buildstream.conf"
    path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return path


def _read(base: Path) -> dict[str, Any]:
    # Comes with BuildStream, which has read the file already. "base" leaves every scalar the text that it is.
    from ruamel.yaml import YAML

    return YAML(typ="base", pure=True).load(base.read_text(encoding="utf-8")) or {}


def _remove_tree(directory: Path) -> None:
    try:
        shutil.rmtree(directory)
    except OSError:
        # Sources may hold directories that are not writable, and what a signal ends may write to its last moment.
        for root, names, _ in os.walk(directory):
            for name in names:
                path = os.path.join(root, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
        shutil.rmtree(directory)
