"""What the user can choose: modes, backends, reports and allowed findings, as one immutable value."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from enforcer.errors import UsageError
from enforcer.settings.baseline import Baseline
from enforcer.settings.min_jobs import MinJobs
from enforcer.settings.option_table import BACKENDS, BLAMES, REPORT_FORMATS, Option, option_named

__all__ = [
    "BACKENDS",
    "BLAMES",
    "PROCESS_BACKENDS",
    "REPORT_FORMATS",
    "RUN_BACKEND",
    "AllowEntry",
    "MinJobs",
    "Mode",
    "ReportTarget",
    "Settings",
    "parse_backend",
    "parse_blame",
    "parse_choice",
    "run_backend",
]

PROCESS_BACKENDS = ("fork", "pool")
RUN_BACKEND = "pool"
"""What `enforcer run` prefers."""


class Mode(str, Enum):
    """What happens to a foreign change; docs/how-it-works.md says what each mode does."""

    OFF = "off"
    SOFT = "soft"
    DISCARD = "discard"
    STRICT = "strict"

    @classmethod
    def parse(cls, text: str) -> Mode:
        """The mode named `text`; `UsageError` lists the modes when there is none."""
        try:
            return cls(text)
        except ValueError:
            raise UsageError(f"unknown mode {text!r}: choose one of {', '.join(m.value for m in cls)}") from None


def parse_choice(option: Option, text: str) -> str:
    """`text`, if it is one of the choices of `option`; `UsageError` lists them when it is none."""
    if text not in option.choices:
        raise UsageError(f"unknown {option.name} {text!r}: {option.offer} {', '.join(option.choices)}")
    return text


def parse_backend(text: str) -> str:
    """The backend named `text`; `UsageError` lists those of this version when there is none."""
    return parse_choice(option_named("backend"), text)


def parse_blame(text: str) -> str:
    """The kind of blame named `text`; `UsageError` lists them when there is none."""
    return parse_choice(option_named("blame"), text)


def run_backend() -> str:
    """The backend of `enforcer run` unless told otherwise. In pytest it is `threads`, where mocks and captures work."""
    return RUN_BACKEND if hasattr(os, "fork") else "threads"


@dataclass(frozen=True)
class ReportTarget:
    """One report file to write: `FORMAT:PATH`."""

    format: str
    path: Path

    @classmethod
    def parse(cls, text: str) -> ReportTarget:
        """Split `FORMAT:PATH`; an unknown format or a missing path is a `UsageError`."""
        format_, colon, path = text.partition(":")
        if format_ not in REPORT_FORMATS:
            raise UsageError(
                f"unknown report format {format_!r} in {text!r}: choose one of {', '.join(REPORT_FORMATS)}"
            )
        if not colon or not path:
            raise UsageError(f"report {text!r} names no file: write {format_}:PATH")
        return cls(format_, Path(path))


@dataclass(frozen=True)
class AllowEntry:
    """One allowed finding: `"RULE OWNER PATH"` with a reason; in owner and path only `*` is special.

    `origin` says where the entry stands, for errors: `[tool.enforcer] in PATH`; empty where that is said otherwise.
    """

    rule: str
    owner: str
    path: str
    reason: str
    origin: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str, reason: str, origin: str = "") -> AllowEntry:
        """Read `"foreign-write base.bst environment[*]"`; both the three words and the reason are needed."""
        words = text.split(None, 2)
        if len(words) != 3:
            raise UsageError(
                f"allow entry {text!r} is not 'RULE OWNER PATH', e.g. 'foreign-write base.bst environment[*]'"
            )
        if not reason or not reason.strip():
            raise UsageError(f"allow entry {text!r} has no reason: say why this write is fine")
        return cls(words[0], words[1], words[2], reason.strip(), origin)

    def matches(self, rule: str, owner: str, path: str) -> bool:
        """Whether a finding with this rule, owner name and path is allowed by this entry."""
        # Names of elements may hold blanks, as paths may: which of the entry's parts them is for the finding to say.
        rest = f"{self.owner} {self.path}"
        blanks = [place for place, character in enumerate(rest) if character == " "]
        return rule == self.rule and any(
            matches_pattern(rest[:n], owner) and matches_pattern(rest[n + 1 :], path) for n in blanks
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.owner} {self.path}"


def matches_pattern(pattern: str, text: str) -> bool:
    """Whether all of a text is as the pattern says, in which `*` stands for anything."""
    # fnmatch would read the brackets of environment['CC'] as a character set.
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


@dataclass(frozen=True)
class Settings:
    """Everything that steers one enforced run; made once from command line, ini and table.

    `option_table` has all else of each field: its names, its help, where it may be given.
    While a baseline is updated, `collect` is set too.
    """

    mode: Mode = Mode.STRICT
    backend: str = "threads"
    collect: bool = False
    blame: str = "live"
    coverage: bool = False
    access: bool = False
    reports: tuple[ReportTarget, ...] = ()
    no_html: bool = False
    allow: tuple[AllowEntry, ...] = ()
    min_jobs: tuple[MinJobs, ...] = ()
    workers: int | None = None
    worker_jobs: int | None = None
    baseline: Baseline | None = None
    update_baseline: bool = False
    fresh: bool = False

    @property
    def follows_lines(self) -> bool:
        """Whether the lines of writes are looked for as jobs run."""
        return self.blame in ("live", "full", "rerun")

    @property
    def follows_all(self) -> bool:
        """Whether they are whatever it costs, and in the plugins that come with BuildStream, too."""
        return self.blame == "full"

    @property
    def fails_jobs(self) -> bool:
        """Whether a new violation fails its job."""
        return self.mode is Mode.STRICT and not self.collect

    @property
    def rejects_tainted(self) -> bool:
        """Whether what was made under a violation does not count as cached: its job is to be found again."""
        return self.mode is Mode.STRICT or self.collect

    @property
    def fails_run(self) -> bool:
        """Whether a new violation fails the test or the command."""
        return (self.mode is Mode.STRICT or self.collect) and not self.update_baseline

    def __post_init__(self) -> None:
        if self.blame == "rerun" and self.backend not in PROCESS_BACKENDS and self.mode is not Mode.OFF:
            raise UsageError(
                f"blame rerun needs a backend whose jobs are processes, {' or '.join(PROCESS_BACKENDS)}: "
                f"the backend {self.backend} has no second graph to run a job in"
            )

    def with_(self, **changes: Any) -> Settings:
        """A copy with these fields changed."""
        return replace(self, **changes)
