"""How many jobs of one action there were and what became of them, as data that merges."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class JobCounts:
    """The jobs of one action.

    Attributes:
        jobs: those that the scheduler ran.
        checked: of these, the ones that were compared to their end.
        skipped: of the checked ones, those that found nothing to do.
        plugin_code: of the checked ones, those in which code of plugins had its turn.
    """

    jobs: int = 0
    checked: int = 0
    skipped: int = 0
    plugin_code: int = 0

    def merge(self, other: JobCounts) -> None:
        """Add what another process or phase saw."""
        self.jobs += other.jobs
        self.checked += other.checked
        self.skipped += other.skipped
        self.plugin_code += other.plugin_code

    def to_plain(self) -> dict[str, int]:
        """JSON-ready data."""
        return asdict(self)
