"""The watching side: every `bst` that this process starts is told to watch itself and to report back.

`subprocess.Popen.__init__` is the only thing that is patched, and the environment of this process is
left alone: only the new process's own gets two variables more.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import enforcer
from enforcer.embedding.bst_processes.recognise import as_shown, is_bst, may_run_bst, split
from enforcer.results.record import Record
from enforcer.session import Session
from enforcer.settings.plain import settings_to_plain
from enforcer.settings.settings import Mode

REQUEST_VARIABLE = "ENFORCER_SUBPROCESS"
SITE = Path(__file__).with_name("site")
_POPEN: Any = subprocess.Popen


@dataclass
class _Started:
    """One process that was told to watch itself; `sure` says that it is a `bst` and must answer."""

    command: str
    sure: bool
    process: Callable[[], subprocess.Popen[Any] | None]

    @property
    def has_ended(self) -> bool:
        # Never poll: reaping is the business of whoever started the process.
        process = self.process()
        return process is None or process.returncode is not None


class BstProcesses:
    """The `bst` processes that this process starts while watching, and what they report."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._directory: Path | None = None
        self._started: dict[str, _Started] = {}
        self._count = 0
        self._original: Callable[..., None] | None = None
        self._replacement: Callable[..., None] | None = None

    def watch(self) -> None:
        """Patch `subprocess.Popen`."""
        if self._original is not None:
            return
        original: Callable[..., None] = subprocess.Popen.__init__
        signature = inspect.signature(original)

        @functools.wraps(original)
        def start_watched_bst(process: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
            words = _words(args, kwargs)
            if self._session.settings.mode is Mode.OFF or not may_run_bst(words):
                return original(process, *args, **kwargs)
            bound = signature.bind(process, *args, **kwargs)
            token = self._request(words)
            bound.arguments["env"] = _with_request(bound.arguments.get("env"), self._request_file(token))
            original(*bound.args, **bound.kwargs)
            # Only now: a process that could not be started has nothing to report.
            self._started[token] = _Started(as_shown(words), is_bst(words), weakref.ref(process))
            return None

        self._original = original
        self._replacement = start_watched_bst
        _POPEN.__init__ = start_watched_bst

    def unwatch(self) -> None:
        """Take the patch back."""
        if self._original is None:
            return
        if subprocess.Popen.__init__ is self._replacement:
            _POPEN.__init__ = self._original
        self._original = self._replacement = None

    def take(self, at_end: bool = False) -> Record:
        """What the processes that have ended reported since the last call; `at_end` waits for none."""
        record = Record()
        if self._directory is None:
            return record
        for path in sorted((self._directory / "answers").glob("*.json")):
            self._take_answer(path, record)
        for token, started in list(self._started.items()):
            if at_end or started.has_ended:
                record.unwatched += self._missing(token, started, at_end and not started.has_ended)
                del self._started[token]
        return record

    def close(self) -> None:
        """Take the patch back and remove what is left on disk."""
        self.unwatch()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def _request(self, words: list[str]) -> str:
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="enforcer-"))
            (self._directory / "answers").mkdir()
        self._count += 1
        token = f"{self._count:06}"
        request = {
            "version": enforcer.__version__,
            "token": token,
            "answers": str(self._directory / "answers"),
            "settings": settings_to_plain(self._session.settings),
            "caches": self._session.caches and str(self._session.caches.directory()),
        }
        self._request_file(token).write_text(json.dumps(request), encoding="utf-8")
        return token

    def _request_file(self, token: str) -> Path:
        assert self._directory is not None
        return self._directory / f"{token}.request"

    def _take_answer(self, path: Path, record: Record) -> None:
        token = path.name.partition(".")[0]
        answer = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        path.with_suffix(".started").unlink(missing_ok=True)
        started = self._started.get(token)
        if "record" in answer:
            record.merge(Record.from_plain(answer["record"]))
        else:
            command = started.command if started is not None else "bst"
            record.unwatched.append(f"{answer['unwatched']}: {command}")
        if started is not None:
            started.sure = False

    def _missing(self, token: str, started: _Started, is_running: bool) -> list[str]:
        """What to say about a process that has given no answer, or not all of them."""
        assert self._directory is not None
        begun = list((self._directory / "answers").glob(f"{token}.*.started"))
        for path in begun:
            path.unlink()
        if is_running and (begun or started.sure):
            return [f"still running at the end: {started.command}"]
        if begun:
            return [f"ended without a report, as if it was killed: {started.command}"]
        if started.sure:
            return [f"enforcement was not in its environment (was that cleared?): {started.command}"]
        return []


def _words(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[str]:
    """The words of the command that `Popen` was called with; empty when they can't be told."""
    command = args[0] if args else kwargs.get("args", ())
    if isinstance(command, (str, bytes, os.PathLike)):
        text = os.fsdecode(command)
        return split(text) if kwargs.get("shell") else [text]
    try:
        return [os.fsdecode(word) for word in command]
    except TypeError:
        return []


def _with_request(env: Mapping[Any, Any] | None, request: Path) -> dict[str, str]:
    """The environment of the new process, with our two variables in it."""
    new = {os.fsdecode(key): os.fsdecode(value) for key, value in (os.environ if env is None else env).items()}
    before = new.get("PYTHONPATH")
    new["PYTHONPATH"] = f"{SITE}{os.pathsep}{before}" if before else str(SITE)
    new[REQUEST_VARIABLE] = str(request)
    return new
