"""Results that were made under a violation, remembered on disk.

Where a violation fails no job (modes soft and discard, --collect), what the job wrote is put in place all the same. It
gets a *mark*, so that a run which fails violations does not take it for a clean job's. A mark is for one ref with
what it holds: it says nothing of what somebody else puts there later, and holds again when a remote cache gives back
what was pushed from here.

A mark is a JSON object in a file of its own, `PATH/CONTENT` in the folder `TAINTED_FOLDER` of BuildStream's cache
directory. These are the first 32 digits of SHA-256, of the path of the ref and of what it holds.

    ref       the path of the ref, relative to the cache directory
    mode      the mode of the run
    findings  what was found, a list: the fields of a `Finding`, without values and lines
    run       which run it was whose job made the result, by a number of its own

Another version of this package may have written it. What cannot be read says that there was something, not what.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from enforcer.atomic_write import write_whole
from enforcer.results.findings import Finding

TAINTED_FOLDER = "enforcer-tainted"
"""Name of the folder in BuildStream's cache directory."""

KEPT_WITHOUT_REF = 1000
"""So many marks stay of which the ref is gone, the newest: a remote cache may give it back."""


class Mark(NamedTuple):
    """What is remembered of one result; no finding where that cannot be read."""

    ref: str
    mode: str
    findings: tuple[Finding, ...]
    run: str = ""

    @property
    def reason(self) -> str:
        """Which jobs broke which rules."""
        jobs = dict.fromkeys((finding.job.action, finding.job.element) for finding in self.findings)
        rules = dict.fromkeys(finding.rule for finding in self.findings)
        if not jobs:
            return "a job broke a rule when it was made"
        (action, element), others = next(iter(jobs)), len(jobs) - 1
        more = f" and {others} more" if others else ""
        return f"the {action} job of {element}{more} broke {', '.join(rules)} under enforcement {self.mode}"


class TaintedRefs:
    """The marks below one cache directory."""

    def __init__(self, cachedir: str) -> None:
        self._cachedir = cachedir
        self._folder = Path(cachedir) / TAINTED_FOLDER

    @property
    def exist(self) -> bool:
        """Whether there are any, nearly certainly: asked before anything that takes time."""
        return self._folder.is_dir()

    def mark(self, refs: Mapping[str, str], mode: str, findings: Iterable[Finding], run: str = "") -> None:
        """Mark refs, given with the files that have what they hold; before they are put in place."""
        bare = [finding.to_plain() for finding in _different(findings)]
        for ref, file in refs.items():
            plain = {"ref": self._relative(ref), "mode": mode, "findings": bare, "run": run}
            of_ref = self._of(ref)
            of_ref.mkdir(parents=True, exist_ok=True)
            write_whole(of_ref / _of_content(file), json.dumps(plain, indent=1))

    def clear(self, refs: Iterable[str]) -> None:
        """These were made anew by a clean job."""
        if self.exist:
            for ref in refs:
                shutil.rmtree(self._of(ref), ignore_errors=True)

    def find(self, ref: str, file: str) -> Mark | None:
        """The mark of a ref, of which `file` has what it holds."""
        of_ref = self._of(ref)
        if not of_ref.is_dir():
            return None
        try:
            return _read(of_ref / _of_content(file))
        except FileNotFoundError:  # there is no such result, or it is another one
            return None

    def tidy(self) -> None:
        """Remove marks of refs that hold something else by now, and the oldest of those that are gone."""
        gone = []
        for path in self._folder.glob("*/*"):
            ref = os.path.join(self._cachedir, _read(path).ref)
            if not os.path.isfile(ref):
                gone.append(path)
            elif path.name != _of_content(ref):
                path.unlink(missing_ok=True)
        for path in sorted(gone, key=os.path.getmtime)[:-KEPT_WITHOUT_REF]:
            path.unlink(missing_ok=True)
        for folder in (*self._folder.glob("*"), self._folder):
            with contextlib.suppress(OSError):  # there are marks in it, or there was none
                folder.rmdir()

    def _of(self, ref: str) -> Path:
        return self._folder / _digest(self._relative(ref).encode())

    def _relative(self, ref: str) -> str:
        # The cache directory may be restored elsewhere, as CI servers do.
        return os.path.relpath(ref, self._cachedir)


def _different(findings: Iterable[Finding]) -> Iterable[Finding]:
    """One for each that allow entries and baselines can tell apart: what is built on much that is marked has many."""
    different: dict[tuple[object, ...], Finding] = {}
    for each in findings:
        different.setdefault((each.fingerprint, each.owner, each.path), _bare(each))
    return different.values()


def _bare(finding: Finding) -> Finding:
    """What settings need to tell whether it is allowed or known."""
    return replace(
        finding, before=None, after=None, site=None, obtained=None, core=None, candidates=[], aliases=[], explanation=[]
    )


def _read(path: Path) -> Mark:
    text = path.read_text(encoding="utf-8")
    try:
        plain = json.loads(text)
        findings = tuple(map(Finding.from_plain, plain["findings"]))
        return Mark(plain["ref"], plain["mode"], findings, plain.get("run", ""))
    except (KeyError, TypeError, ValueError):  # another version wrote it, or a machine went down
        return Mark("", "", ())


def _of_content(file: str) -> str:
    return _digest(Path(file).read_bytes())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
