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

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from enforcer.settings.baseline import Baseline, Entry
from enforcer.settings.option_table import Option, OptionKind, options_in
from enforcer.settings.settings import AllowEntry, Mode, Settings


def settings_to_plain(settings: Settings) -> dict[str, Any]:
    """JSON-ready data with everything that steers a build, by the names of the fields."""
    return {option.name: _plain(option, getattr(settings, option.name)) for option in options_in("processes")}


def settings_from_plain(data: dict[str, Any]) -> Settings:
    """The inverse of `settings_to_plain`."""
    return Settings(**{option.name: _value(option, data[option.name]) for option in options_in("processes")})


def _plain(option: Option, value: Any) -> Any:
    return value if value is None or option.kind not in _TO_PLAIN else _TO_PLAIN[option.kind](value)


def _value(option: Option, plain: Any) -> Any:
    return plain if plain is None or option.kind not in _FROM_PLAIN else _FROM_PLAIN[option.kind](plain)


def _allow_to_plain(entries: tuple[AllowEntry, ...]) -> list[list[str]]:
    return [[entry.rule, entry.owner, entry.path, entry.reason] for entry in entries]


def _allow_from_plain(data: list[list[str]]) -> tuple[AllowEntry, ...]:
    return tuple(AllowEntry(*words) for words in data)


def _baseline_to_plain(baseline: Baseline) -> dict[str, Any]:
    # The entries, not only the path: the process sees what the run began with, whatever becomes of the file.
    return {"path": str(baseline.path), "name": baseline.name, "lines": sorted(map(str, baseline.entries))}


def _baseline_from_plain(data: dict[str, Any]) -> Baseline:
    return Baseline(Path(data["path"]), data["name"], frozenset(map(Entry.parse, data["lines"])))


# All other kinds are plain as they are.
_TO_PLAIN: Mapping[OptionKind, Callable[[Any], Any]] = {
    "mode": lambda mode: mode.value,
    "allow": _allow_to_plain,
    "baseline": _baseline_to_plain,
}
_FROM_PLAIN: Mapping[OptionKind, Callable[[Any], Any]] = {
    "mode": Mode,
    "allow": _allow_from_plain,
    "baseline": _baseline_from_plain,
}
