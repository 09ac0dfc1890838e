"""What a pool has moved, for the costs in the record of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Traffic:
    """What the pool has moved so far: counts, bytes, seconds. Guarded by the pool's lock."""

    forked: int = 0
    request_bytes: int = 0
    update_bytes: int = 0
    result_bytes: int = 0
    """Results with their events."""
    fork_seconds: float = 0.0
