"""What builds of one pytest process gave, and what of it no report has carried home yet. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from enforcer.embedding.watch import Watch
from enforcer.fresh_caches import FreshCaches
from enforcer.results.findings import Finding
from enforcer.results.record import Record
from enforcer.session import Session
from enforcer.settings.settings import Mode, Settings

_T = TypeVar("_T")


class Recorder:
    """Watches builds while tests run.

    Attributes:
        settings: those of the whole run; the session's are those of the test that runs.
        unreported: what has no report yet that could carry it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # A test that gives bst a configuration by name has said where its caches are, and may look into them.
        self.session = Session(settings, FreshCaches(spares_named=True) if settings.fresh else None)
        self.unreported = Record()
        self._watch: Watch | None = None

    def start(self) -> None:
        """Watch from now on. Raises `EnforcerError`: it is not possible here."""
        self._watch = Watch(self.session)
        self._watch.start()

    def stop(self) -> None:
        """Watch no more; harmless where nothing was watched."""
        if self._watch is not None:
            self._watch.stop()

    def take(self, at_end: bool = False) -> Record:
        """What was recorded since the last call; `at_end`, what `bst` processes have left to say too."""
        return self.session.take() if self._watch is None else self._watch.take(at_end)

    def take_unreported(self) -> Record:
        """What a report is to carry home now."""
        record, self.unreported = self.unreported, Record()
        return record

    def findings_now(self) -> list[Finding]:
        """The findings of the phase that is running."""
        record = self.take()
        with self.session.recording() as current:
            current.merge(record)
            return list(current.findings)

    def apart(self, build: Callable[[], _T]) -> tuple[_T, Record]:
        """Build, and keep what that gives out of what the running phase is judged by."""
        before = self.take()
        try:
            return build(), self.take()
        finally:
            with self.session.recording() as record:
                record.merge(before)

    def unwatched(self, run: Callable[[], _T]) -> _T:
        """Run something that is no build."""
        with self.session.using(self.settings.with_(mode=Mode.OFF)):
            return run()

    def carry(self, record: Record) -> None:
        """Send `record` home with the next report; whoever calls has it judged."""
        self.unreported.merge(record)
