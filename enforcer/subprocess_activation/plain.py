"""Settings as plain data, for the `bst` process that is to be watched under them."""

from __future__ import annotations

from typing import Any

from enforcer.config import AllowEntry, Mode, Settings


def settings_to_plain(settings: Settings) -> dict[str, Any]:
    """JSON-ready data with everything that steers a build; reports are the parent's to write."""
    return {
        "mode": settings.mode.value,
        "backend": settings.backend,
        "collect": settings.collect,
        "allow": [[entry.rule, entry.owner, entry.path, entry.reason] for entry in settings.allow],
        "workers": settings.workers,
        "worker_jobs": settings.worker_jobs,
    }


def settings_from_plain(data: dict[str, Any]) -> Settings:
    """The inverse of `settings_to_plain`."""
    return Settings(
        mode=Mode(data["mode"]),
        backend=data["backend"],
        collect=data["collect"],
        allow=tuple(AllowEntry(*words) for words in data["allow"]),
        workers=data["workers"],
        worker_jobs=data["worker_jobs"],
    )
