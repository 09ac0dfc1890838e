"""One enforced run: its settings, and the record of what it saw.

The session knows no BuildStream. `enforcer.bst` feeds it, the command and the pytest plugin read it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from enforcer.fresh_caches import FreshCaches
from enforcer.masking import counted
from enforcer.results.findings import Finding, new_in_words
from enforcer.results.record import Record
from enforcer.settings.comments import Ignored, comment_name
from enforcer.settings.settings import Settings


class Session:
    """Collects what enforced builds in this process did; safe to feed from any thread.

    `caches` are those that its builds use, None for the usual ones; `run` tells this run from all others.
    """

    def __init__(self, settings: Settings, caches: FreshCaches | None = None) -> None:
        self.settings = settings
        self.caches = caches
        self.run = secrets.token_hex(8)
        self._record = Record()
        self._lock = threading.Lock()

    @contextmanager
    def recording(self) -> Iterator[Record]:
        """The record, exclusively, to add to it."""
        with self._lock:
            yield self._record

    @contextmanager
    def spending(self, name: str) -> Iterator[None]:
        """Count the seconds of the block among the costs."""
        start = time.monotonic()
        try:
            yield
        finally:
            with self.recording() as record:
                record.spend(name, time.monotonic() - start)

    def take(self) -> Record:
        """What was recorded since the last call; the session goes on with an empty record."""
        with self._lock:
            record, self._record = self._record, Record()
        return record

    def progress(self) -> str:
        """How far this is, on one line: `enforcement strict: 12 jobs checked, 1 new violation`."""
        with self._lock:
            checked = self._record.checked
            found = self._record.findings
            new = new_in_words(sum(finding.is_new for finding in found), sum(finding.warns for finding in found))
        return f"enforcement {self.settings.mode.value}: {counted(checked, 'job')} checked, {new}"

    @contextmanager
    def using(self, settings: Settings) -> Iterator[None]:
        """Run a block (one test, say) under other settings."""
        before, self.settings = self.settings, settings
        try:
            yield
        finally:
            self.settings = before

    def classify(self, finding: Finding, ignored: Ignored | None = None) -> bool:
        """Mark a finding that is allowed or known as such, and say whether it fails its job under the settings.

        What a comment says of it, `ignored`, goes before the allow list.
        """
        if self.caches is not None:
            # The same run gives the same report.
            finding.before, finding.after = map(self.caches.unnamed, (finding.before, finding.after))
        if ignored is not None:
            finding.comment, finding.allowed = ignored
            with self._lock:
                self._record.comments_used.add(comment_name(ignored.place, finding.rule))
            return False
        for entry in self.settings.allow:
            if entry.matches(finding.rule, finding.owner.name, finding.path):
                finding.allowed = entry.reason
                with self._lock:
                    self._record.allow_used.add(str(entry))
                break
        else:
            baseline = self.settings.baseline
            finding.known = baseline is not None and baseline.knows(finding)
        return finding.fails and self.settings.fails_jobs
