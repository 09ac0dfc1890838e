"""Refs that a job writes, held back until its verdict.

An artifact, a source or an element's sources count as cached when a small file, the *ref*, names
them. While a job's action runs, refs go to a folder of our own beside the real ones; the job
itself reads them there. A clean job's refs are then renamed into place, those of a job that fails by
its verdict are dropped. So whatever happens between the write and the verdict, a kill included,
nothing of an unjudged job counts, and refs from before are never touched. That is so in every mode.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from os.path import join
from shutil import copyfile
from threading import get_ident, main_thread
from typing import Any

HELD_FOLDER = "enforcer-held"
"""Name of the folder in BuildStream's cache directory; one subfolder a process."""


class HeldResults:
    """The held refs of the jobs of one scheduler run, one job at a time.

    Args:
        context: BuildStream's context: says where caches keep their refs.
    """

    def __init__(self, context: Any) -> None:
        self._roots = tuple(
            os.path.join(context.cachedir, name, "") for name in ("artifacts/refs", "elementsources", "source_protos")
        )
        self._base = os.path.join(context.cachedir, HELD_FOLDER)
        self._folder = os.path.join(self._base, str(os.getpid()))
        self._held: dict[str, str] | None = None
        _remove_folders_of_the_dead(self._base)
        os.makedirs(self._folder, exist_ok=True)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold back what is written in the block; afterwards `commit` or `drop` must follow, else it is dropped."""
        self._held = {}
        try:
            yield
        finally:
            self.drop()

    @property
    def held(self) -> Mapping[str, str]:
        """The refs that are held back, by their paths, with the files that hold them meanwhile."""
        return {} if self._held is None else self._held

    def forget(self, refs: Iterable[str]) -> None:
        """Drop some of them: as if the job had not written these."""
        for ref in refs:
            held = (self._held or {}).pop(ref, None)
            if held is not None:
                os.remove(held)

    def commit(self) -> list[str]:
        """The verdict is clean: put the held refs in place; returns their paths."""
        held_refs, self._held = self._held or {}, None
        for final, held in held_refs.items():
            os.makedirs(os.path.dirname(final), exist_ok=True)
            os.replace(held, final)
        return list(held_refs)

    def drop(self) -> None:
        """Forget the held refs."""
        for held in (self._held or {}).values():
            with contextlib.suppress(FileNotFoundError):
                os.remove(held)
        self._held = None

    def close(self) -> None:
        """Leave nothing behind."""
        self.drop()
        shutil.rmtree(self._folder, ignore_errors=True)
        _remove_folders_of_the_dead(self._base)  # a worker that was killed leaves one
        with contextlib.suppress(OSError):  # another enforced process holds refs there
            os.rmdir(self._base)

    def scrap(self, name: str) -> str:
        """A path for a file that goes when this process ends."""
        return os.path.join(self._folder, name)

    def siblings(self) -> list[int]:
        """Process ids of enforced runs that use this cache now and have the same parent as this process."""
        others = [int(name) for name in _names_in(self._base) if name.isdigit() and int(name) != os.getpid()]
        return [pid for pid in others if _parent_of(pid) == os.getppid()]

    def to_read(self, path: str) -> str:
        """Where to read the ref `path`: the held one, if this job wrote it."""
        if self._held is None or _in_main_thread():
            return path
        return self._held.get(path, path)

    def to_write(self, path: str) -> str:
        """Where to write the ref `path`; any other file is written where it belongs."""
        if self._held is None or _in_main_thread() or not path.startswith(self._roots):
            return path
        held = self._held.get(path)
        if held is None:
            held = join(self._folder, str(len(self._held)))
            self._held[path] = held
        return held

    def link(self, source: str, target: str) -> bool:
        """Make ref `target` the same as `source`; False when nothing is held and stock has to do it."""
        if self._held is None or _in_main_thread():
            return False
        copyfile(self.to_read(source), self.to_write(target))
        return True


def _in_main_thread() -> bool:
    return get_ident() == main_thread().ident


def _remove_folders_of_the_dead(base: str) -> None:
    """What a killed process held was never judged and does not count."""
    for name in _names_in(base):
        if name.isdigit() and not os.path.exists(f"/proc/{name}"):
            shutil.rmtree(os.path.join(base, name), ignore_errors=True)


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:  # also when another process has just removed it
        return []


def _parent_of(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:  # it has ended
        return None


def hold_writes(original: Callable[..., Any], held: Callable[[], HeldResults | None]) -> Callable[..., Any]:
    """`utils.save_file_atomic` that sends refs to where they are held."""

    def save_file_atomic(filename: str, *args: Any, **kwargs: Any) -> Any:
        results = held()
        return original(filename if results is None else results.to_write(filename), *args, **kwargs)

    return save_file_atomic


def read_held_sources(original: Callable[..., str], held: Callable[[], HeldResults | None]) -> Callable[..., str]:
    """`_source_path` of a source cache that finds held refs."""

    def _source_path(self: Any, ref: str) -> str:
        path, results = original(self, ref), held()
        return path if results is None else results.to_read(path)

    return _source_path


def read_held_artifact(original: Callable[..., Any], held: Callable[[], HeldResults | None]) -> Callable[..., Any]:
    """`Artifact._load_proto` that finds a held ref."""

    def _load_proto(self: Any) -> Any:
        results = held()
        if results is not None:
            name = self._element.get_artifact_name(key=self.get_extract_key())
            path = os.path.join(self._artifactdir, name)
            read = results.to_read(path)
            if read != path:
                return _load_from(self, original, read)
        return original(self)

    return _load_proto


def _load_from(artifact: Any, original: Callable[..., Any], path: str) -> Any:
    """Let `original` read `path`: it joins the directory and the artifact's name, and an absolute name wins."""
    element = artifact._element
    artifact._element = _NamedByPath(path)
    try:
        return original(artifact)
    finally:
        artifact._element = element


class _NamedByPath:
    """Stands for an element while the ref of its artifact is read from `path`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def get_artifact_name(self, key: str | None = None) -> str:
        """The path of the ref, absolute."""
        return self._path


def link_held(original: Callable[..., Any], held: Callable[[], HeldResults | None]) -> Callable[..., Any]:
    """`ArtifactCache.link_key` for refs that are held."""

    def link_key(self: Any, element: Any, oldkey: str, newkey: str) -> None:
        results = held()
        old = os.path.join(self._basedir, element.get_artifact_name(oldkey))
        new = os.path.join(self._basedir, element.get_artifact_name(newkey))
        if results is None or (old != new and not results.link(old, new)):
            original(self, element, oldkey, newkey)

    return link_key
