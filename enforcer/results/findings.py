"""The values that detection produces: which job did what to whose state, and where.

Plain data only: a finding crosses process borders (pytest-xdist, `bst` subprocesses) and is
written to files, so nothing here refers to a live object.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from enforcer.masking import counted

ERROR = "error"
WARNING = "warning"

NEW = "new"
KNOWN = "known"
ALLOWED = "allowed"

_SITES = ("site", "obtained", "core")

WHOLE_LIMIT = 80

OWNER_KINDS = ("element", "source", "project", "context", "class", "module", "process")


@dataclass(frozen=True)
class Job:
    """One try of one scheduler job. `element` is junction-qualified, `plugin` the element's kind."""

    element: str
    action: str
    try_: int = 1
    plugin: str = ""

    def to_plain(self) -> dict[str, Any]:
        """The job as the JSON report shows it."""
        return {"element": self.element, "action": self.action, "try": self.try_, "plugin": self.plugin}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Job:
        """The inverse of `to_plain`."""
        return cls(data["element"], data["action"], data["try"], data["plugin"])


@dataclass(frozen=True)
class Owner:
    """Whose state was changed; `kind` is one of `OWNER_KINDS`."""

    kind: str
    name: str


@dataclass(frozen=True)
class Maker:
    """The plugin whose code did it.

    Attributes:
        name: the element, junction-qualified; of a source its element, of a source mirror `mirrors['NAME']`.
        kind: the plugin's.
        source: which of the element's sources it is, counted from 0; None where it is none, or not known which.
        file: the plugin's file, as a `Site` names it.
    """

    name: str
    kind: str
    source: int | None = None
    file: str | None = None


@dataclass(frozen=True)
class Site:
    """A line of plugin code; `file` is relative to the project, else to the repository, else `<site-packages>/…`.

    `context` are the lines around it and itself, the first of them line `context_start` of the file. It says nothing
    of where the site is, so sites with and without are equal. `real` is the file on the machine that the job ran on,
    for who looks something up in it there: it is in no report.
    """

    file: str
    line: int
    function: str
    code: str
    context: tuple[str, ...] = field(default=(), compare=False)
    context_start: int = field(default=0, compare=False)
    real: str = field(default="", compare=False, repr=False)

    def to_plain(self) -> dict[str, Any]:
        """The site as the JSON report shows it."""
        data = {**asdict(self), "context": list(self.context)}
        del data["real"]
        return data

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Site:
        """The inverse of `to_plain`."""
        return cls(**{**data, "context": tuple(data["context"])})


def new_in_words(new: int, warnings: int) -> str:
    """`2 new violations, 1 warning`: of `new` findings, `warnings` are of rules that only warn."""
    violations = counted(new - warnings, "new violation")
    return f"{violations}, {counted(warnings, 'warning')}" if warnings else violations


@dataclass
class Finding:
    """One broken rule, found at the end of one job.

    `before` and `after` are address-free texts, None where the value was or is absent. `known`
    and `allowed` say that the finding does not fail its job, `comment` where the comment is that
    allows it; `undone` that the change was taken back when the job ended (None: it is left in the one
    worker that made it). `site` is the line of plugin code that made the change, `core` the line of
    BuildStream that did so on its behalf, `obtained` where the job first reached into what was changed;
    `unblamed` says why there is no `site`, `fix` in one line what to do. `maker` is the plugin whose code did it:
    None where that is the element's own, or not known.
    """

    rule: str
    severity: str
    job: Job
    owner: Owner
    path: str
    change: str = "set"
    before: str | None = None
    after: str | None = None
    site: Site | None = None
    obtained: Site | None = None
    core: Site | None = None
    unblamed: str | None = None
    dependents: int = 0
    known: bool = False
    allowed: str | None = None
    nodeid: str | None = None
    candidates: list[Job] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    explanation: list[str] = field(default_factory=list)
    undone: bool | None = True
    plugin_file: str | None = None
    comment: str | None = None
    fix: str | None = None
    maker: Maker | None = None

    @property
    def plugin(self) -> str:
        """The kind of the plugin whose code did it."""
        return self.job.plugin if self.maker is None else self.maker.kind

    @property
    def source(self) -> dict[str, Any] | None:
        """Which source's plugin did it, if one did, as the JSON report shows it."""
        maker = self.maker
        return None if maker is None or maker.source is None else {"index": maker.source, "kind": maker.kind}

    @property
    def template(self) -> str:
        """The path with every index and key replaced by `*`: `environment['CC']` is `environment[*]`."""
        return re.sub(r"\[(?:\d+|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\[\]]*)\]", "[*]", self.path)

    @property
    def group(self) -> tuple[str, ...]:
        """Findings with the same group are shown as one, with a count."""
        return (self.rule, self.plugin, self.owner.kind, self.template, self.change)

    @property
    def fingerprint(self) -> str:
        """Names the finding across runs: survives moved lines, other elements and other values."""
        parts = (self.rule, self.plugin, self.owner.kind, self.template)
        # Names that are no text, those of files for example, hold surrogates.
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def allow_line(self) -> str:
        """The entry that, pasted into the allow list, lets this finding pass."""
        return f"{self.rule} {self.owner.name} {self.template}"

    @property
    def state(self) -> str:
        """`NEW`, `KNOWN` or `ALLOWED`."""
        if self.allowed is not None:
            return ALLOWED
        return KNOWN if self.known else NEW

    @property
    def is_new(self) -> bool:
        """Whether this finding is neither known nor allowed."""
        return self.state == NEW

    @property
    def accepted(self) -> str | None:
        """Why this finding fails nothing, or None where it is new."""
        if self.allowed is not None:
            return f"allowed{f' at {self.comment}' if self.comment else ''}: {self.allowed}"
        return "known from the baseline" if self.known else None

    @property
    def fails(self) -> bool:
        """Whether this finding counts as new: not known, not allowed, not a mere warning."""
        return self.severity == ERROR and self.is_new

    @property
    def warns(self) -> bool:
        """Whether this finding is new, and of a rule that only warns."""
        return self.severity == WARNING and self.is_new

    @property
    def differences(self) -> list[str]:
        """What differs inside of a value, where both values together are too much to be read."""
        return self.explanation if len(f"{self.before}{self.after}") > WHOLE_LIMIT else []

    def what(self) -> str:
        """`environment['CC']: added 'clang'`: the path and what happened to it."""
        if self.change == "added":
            return f"{self.path}: added {self.after}"
        if self.change == "removed":
            return f"{self.path}: removed {self.before}"
        happened = ", ".join(self.differences) or f"{self.before} became {self.after}"
        return f"{self.path}: {'reordered, ' if self.change == 'reordered' else ''}{happened}"

    def to_plain(self) -> dict[str, Any]:
        """JSON-ready data with every field; the inverse of `from_plain`."""
        data = asdict(self)
        data["job"] = self.job.to_plain()
        data["candidates"] = [job.to_plain() for job in self.candidates]
        for name in _SITES:
            site = getattr(self, name)
            data[name] = site and site.to_plain()
        return data

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Finding:
        """Rebuild a finding from `to_plain` data."""
        data = dict(data)
        data["job"] = Job.from_plain(data["job"])
        data["candidates"] = [Job.from_plain(job) for job in data["candidates"]]
        data["owner"] = Owner(**data["owner"])
        data["maker"] = data["maker"] and Maker(**data["maker"])
        for name in _SITES:
            data[name] = Site.from_plain(data[name]) if data[name] else None
        return cls(**data)
