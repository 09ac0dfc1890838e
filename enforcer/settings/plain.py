"""Settings as plain data, for another process that enforces under them.

The process that the user started writes them, into the request for a `bst` that it starts (see
`enforcer.embedding.bst_processes`), or into what pytest-xdist hands to a worker. Both ends are of one version: every
key is required, a missing one raises. It is a JSON object. Its keys are names of fields of `Settings`, where each is
described, and so are the values, but for

    mode       the value of a `Mode`, a string
    allow      a list of [rule, owner, path, reason], strings
    baseline   null, or {"path": the file, "name": as messages call it, "lines": its entries, as in the file, sorted}

Fields that are missing here have their default in the other process: `reports` and `min_jobs` are for the process that
the user started.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from enforcer.settings.baseline import Baseline, Entry
from enforcer.settings.settings import AllowEntry, Mode, Settings


def settings_to_plain(settings: Settings) -> dict[str, Any]:
    """JSON-ready data with everything that steers a build; reports are written by the process that the user started."""
    return {
        "mode": settings.mode.value,
        "backend": settings.backend,
        "collect": settings.collect,
        "blame": settings.blame,
        "coverage": settings.coverage,
        "allow": [[entry.rule, entry.owner, entry.path, entry.reason] for entry in settings.allow],
        "workers": settings.workers,
        "worker_jobs": settings.worker_jobs,
        "baseline": settings.baseline and _baseline_to_plain(settings.baseline),
        "update_baseline": settings.update_baseline,
        "fresh": settings.fresh,
    }


def settings_from_plain(data: dict[str, Any]) -> Settings:
    """The inverse of `settings_to_plain`."""
    return Settings(
        mode=Mode(data["mode"]),
        backend=data["backend"],
        collect=data["collect"],
        blame=data["blame"],
        coverage=data["coverage"],
        allow=tuple(AllowEntry(*words) for words in data["allow"]),
        workers=data["workers"],
        worker_jobs=data["worker_jobs"],
        baseline=data["baseline"] and _baseline_from_plain(data["baseline"]),
        update_baseline=data["update_baseline"],
        fresh=data["fresh"],
    )


def _baseline_to_plain(baseline: Baseline) -> dict[str, Any]:
    # The entries, not only the path: the process sees what the run began with, whatever becomes of the file.
    return {"path": str(baseline.path), "name": baseline.name, "lines": sorted(map(str, baseline.entries))}


def _baseline_from_plain(data: dict[str, Any]) -> Baseline:
    return Baseline(Path(data["path"]), data["name"], frozenset(map(Entry.parse, data["lines"])))
