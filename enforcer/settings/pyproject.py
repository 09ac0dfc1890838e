"""The `[tool.enforcer]` table of pyproject.toml: what the command and the pytest plugin share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from enforcer.errors import UsageError
from enforcer.masking import printable
from enforcer.settings.min_jobs import MinJobs
from enforcer.settings.option_table import Option, OptionKind, options_in
from enforcer.settings.settings import AllowEntry
from enforcer.settings.texts import value_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FILE = "pyproject.toml"
_OPTIONS = {option.name: option for option in options_in("table")}


def find_pyproject(start: Path) -> Path | None:
    """The nearest pyproject.toml in `start` or above it."""
    directory = start.absolute()
    for candidate in (directory, *directory.parents):
        path = candidate / _FILE
        if path.is_file():
            return path
    return None


def table_values(start: Path) -> dict[str, Any]:
    """The fields of `Settings` that the table of the nearest pyproject.toml gives, checked; of the baseline, its path.

    Empty where there is no such file or table. A wrong key or value is a `UsageError` that names
    it and the file.
    """
    path = find_pyproject(start)
    return {} if path is None else read_table(path)


def read_table(path: Path) -> dict[str, Any]:
    """The same for one given file."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {printable(str(error))}") from error
    table = _table(data)
    if table is None:
        return {}
    origin = f"[tool.enforcer] in {path}"
    try:
        values = {key: _value(table, key) for key in table}
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from error.__cause__
    if "allow" in values:
        values["allow"] = tuple(replace(entry, origin=origin) for entry in values["allow"])
    if "baseline" in values:
        values["baseline"] = path.parent / values["baseline"]
    return values


def _table(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tool = data.get("tool")
    table = tool.get("enforcer") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _value(table: Mapping[str, Any], key: str) -> Any:
    if key not in _OPTIONS:
        raise UsageError(f"unknown key {key!r}: choose one of {', '.join(_OPTIONS)}")
    option = _OPTIONS[key]
    return _READ[option.kind](option, table[key])


def _text(option: Option, raw: Any) -> Any:
    if not isinstance(raw, str):
        raise UsageError(f"{option.name} is {raw!r}, not a string")
    return value_of(option, raw)


def _number(option: Option, raw: Any) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < option.least:
        raise UsageError(f"{option.name} is {raw!r}, not a whole number from {option.least} on")
    return raw


def _min_jobs(option: Option, raw: Any) -> tuple[MinJobs, ...]:
    given = raw if isinstance(raw, list) else [raw]
    if not all(isinstance(each, (int, str)) and not isinstance(each, bool) for each in given):
        raise UsageError(f'{option.name} is {raw!r}, not a whole number, "ACTION=N", or a list of these')
    texts = [text for each in given for text in str(each).split(",")]
    return tuple(MinJobs.parse(option.name, text, option.choices) for text in texts)


def _flag(option: Option, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise UsageError(f"{option.name} is {raw!r}, not true or false")
    return raw


def _allow(option: Option, raw: Any) -> tuple[AllowEntry, ...]:
    if not isinstance(raw, list):
        raise UsageError(f'{option.name} is {raw!r}, not a list of {{ entry = "RULE OWNER PATH", reason = "..." }}')
    return tuple(map(_allow_entry, raw))


def _allow_entry(raw: Any) -> AllowEntry:
    right = isinstance(raw, dict) and set(raw) == {"entry", "reason"} and all(isinstance(v, str) for v in raw.values())
    if not right:
        raise UsageError(f'allow entry {raw!r} is not {{ entry = "RULE OWNER PATH", reason = "..." }}')
    return AllowEntry.parse(raw["entry"], raw["reason"])


_READ: Mapping[OptionKind, Callable[[Option, Any], Any]] = {
    "mode": _text,
    "choice": _text,
    "flag": _flag,
    "number": _number,
    "min_jobs": _min_jobs,
    "baseline": _text,
    "allow": _allow,
}
