"""The baseline: a committed text file that names the findings which are known, so that only new ones fail.

One sorted line a fingerprint, `RULE KIND OWNER PATH`: the rule, the kind of the plugin whose code did it, what kind
of state was changed, and the path with `*` for every key. The line is no hash but what it says: it can be read in a
review, and nothing beside it can contradict it. Presence decides; there are no counts and no versions, so that git
merges it line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from enforcer.atomic_write import try_to_write, write_whole
from enforcer.errors import EnforcerError, UsageError
from enforcer.masking import mask, without_addresses
from enforcer.results.findings import OWNER_KINDS, Finding

_ABSENT = "-"
_PLAIN = "".join(character for character in map(chr, range(0x21, 0x7F)) if character != "%")
"""What stands for itself in a line; everything else is written as in an address: `%20`."""


class Entry(NamedTuple):
    """One fingerprint, in words. It survives moved lines, other elements and other values."""

    rule: str
    kind: str
    owner: str
    path: str

    @classmethod
    def of(cls, finding: Finding) -> Entry:
        """The entry under which `finding` is known."""
        path = without_addresses(mask("", finding.template) or "")
        return cls(finding.rule, finding.plugin, finding.owner.kind, path)

    @classmethod
    def parse(cls, line: str) -> Entry:
        """The inverse of `str()`; any other line is a `ValueError`, so that an entry is written in one way only."""
        words = line.split(" ", 3)
        if len(words) == 4:
            entry = cls(*map(_decoded, words))
            if entry.owner in OWNER_KINDS and str(entry) == line:
                return entry
        raise ValueError(line)

    def __str__(self) -> str:
        # The path comes last and may hold blanks, but not at its ends, where an editor would trim them.
        path = re.sub("^ +| +$", lambda blanks: "%20" * len(blanks[0]), _encoded(self.path, _PLAIN + " "))
        return " ".join([*map(_encoded, self[:3]), path])


def _encoded(text: str, plain: str = _PLAIN) -> str:
    if text in ("", _ABSENT):
        return _ABSENT if text == "" else "%2D"
    return quote(text, safe=plain, errors="surrogatepass")


def _decoded(word: str) -> str:
    return "" if word == _ABSENT else unquote(word, errors="surrogatepass")


@dataclass(frozen=True)
class Baseline:
    """What one file lists.

    Attributes:
        path: the file, absolute: a job may leave the process in another directory.
        name: the file as messages name it.
    """

    path: Path
    name: str
    entries: frozenset[Entry] = frozenset()

    def knows(self, finding: Finding) -> bool:
        """Whether the finding is known."""
        return Entry.of(finding) in self.entries

    def with_entries(self, entries: Iterable[Entry]) -> Baseline:
        """A baseline of the same file that lists these instead."""
        return replace(self, entries=frozenset(entries))

    @property
    def text(self) -> str:
        """The text of the file."""
        return "".join(sorted(f"{entry}\n" for entry in self.entries))

    def check_writable(self) -> None:
        """Raise `UsageError` if the file cannot be written: better before a build than after it."""
        try:
            try_to_write(self.path)
        except OSError as error:
            raise UsageError(self._cannot("write", error)) from error

    def write(self) -> None:
        """Write the file, whole or not at all; a file that says the same is left alone."""
        try:
            if not self.path.exists() or self.path.read_bytes() != self.text.encode("ascii"):
                write_whole(self.path, self.text)
        except OSError as error:
            raise EnforcerError(self._cannot("write", error)) from error

    def _cannot(self, what: str, error: OSError) -> str:
        return f"cannot {what} the baseline {self.name!r}: {error.strerror or error}"


def load_baseline(path: Path, start: Path, may_be_missing: bool = False) -> Baseline:
    """Read a baseline.

    Args:
        path: the file, if not absolute then from `start` on.
        start: the directory that messages name it from.
        may_be_missing: a file that is not there lists nothing.

    Raises:
        UsageError: the file is missing or unreadable, or has a broken line; the text names file and line.
    """
    path = (start.absolute() / path).absolute()
    empty = Baseline(path, _named(path, start.absolute()))
    try:
        # Bytes that are no text make a broken line, which is named; not a file that cannot be read.
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        if may_be_missing:
            return empty
        raise UsageError(
            f"there is no baseline {empty.name!r}: make it with `enforcer baseline update` "
            "or `pytest --enforce-update-baseline`"
        ) from None
    except OSError as error:
        raise UsageError(empty._cannot("read", error)) from error
    return empty.with_entries(_parsed(text, empty.name))


def _named(path: Path, start: Path) -> str:
    return str(path.relative_to(start)) if path.is_relative_to(start) else str(path)


def _parsed(text: str, name: str) -> Iterable[Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line:
            continue
        try:
            yield Entry.parse(line)
        except ValueError:
            raise UsageError(
                f"{name}:{number}: {line!r} is no line of a baseline, which is RULE KIND OWNER PATH: "
                "mend it, or remove it and update the baseline"
            ) from None


def add(baseline: Baseline, entries: Iterable[Entry]) -> str:
    """Write `entries` into the file too; returns a sentence that says how many were new.

    The file is read anew: what somebody else has added meanwhile stays.
    """
    current = _now(baseline)
    updated = baseline.with_entries(current | set(entries))
    updated.write()
    added = len(updated.entries - current)
    return f"baseline {baseline.name}: {_count(added)} added, {len(updated.entries):,} in all"


def prune(baseline: Baseline, needed: Iterable[Entry]) -> str:
    """Remove from the file what the baseline lists and is not `needed`; returns a sentence that says how much.

    The file is read anew: what somebody else has added meanwhile was not looked for, and stays.
    """
    current = _now(baseline)
    pruned = baseline.with_entries(current - (baseline.entries - set(needed)))
    pruned.write()
    removed = len(current - pruned.entries)
    return f"baseline {baseline.name}: {_count(removed)} removed, {len(pruned.entries):,} left"


def _now(baseline: Baseline) -> frozenset[Entry]:
    return load_baseline(baseline.path, baseline.path.parent, may_be_missing=True).entries


def learn(baseline: Baseline, findings: Iterable[Finding]) -> str:
    """Add what was found and is not allowed, and mark it as known; returns the sentence of `add`."""
    unallowed = [finding for finding in findings if finding.allowed is None]
    sentence = add(baseline, map(Entry.of, unallowed))
    for finding in unallowed:
        finding.known = True
    return sentence


def _count(number: int) -> str:
    return f"{number:,} entry" if number == 1 else f"{number:,} entries"
