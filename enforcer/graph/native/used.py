"""Objects of which nobody can say what state they have, but whether they have been used: files, connections, locks.

What is done to them by way of another element is no finding: a log file that several elements share is written by all.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import Any

from enforcer.graph.native.raw import fields_of
from enforcer.graph.values import class_dict, class_mro, full_class_name, is_made_by_c, vars_of

Read = Callable[[Any], Any]


def use_of(cls: type) -> Read | None:
    """Reads what differs once an object of `cls` has been used, or None."""
    return next((_READERS[name](base) for base, name in _known_bases(cls)), None)


def layers_of(cls: type) -> Read | None:
    """What gives the file below one of `cls`, with its attribute, in a list; None where there is none."""
    layer = next(((base, _LAYERS[name]) for base, name in _known_bases(cls) if name in _LAYERS), None)
    if layer is None:
        return None
    base, name = layer
    member = class_dict(base)[name]

    def read(obj: Any) -> list[tuple[Any, str]]:
        try:
            return [(member.__get__(obj), f".{name}")]
        except (ValueError, AttributeError):  # it was detached, or never begun
            return []

    return read


def _known_bases(cls: type) -> list[tuple[type, str]]:
    named = [(base, full_class_name(base)) for base in class_mro(cls)]
    return [(base, name) for base, name in named if name in _READERS and is_made_by_c(base) is not (name in _CLOSED)]


def is_closed(cls: type) -> bool:
    """Whether nobody looks into an object of `cls`, although Python could: it is one end of something else."""
    return any(name in _CLOSED for _, name in _known_bases(cls))


def _is_closed(base: Any) -> Read:
    closed = class_dict(base)["closed"]
    return lambda obj: closed.__get__(obj)


def _changes_of_database(base: Any) -> Read:
    members = [class_dict(base)[name] for name in ("total_changes", "in_transaction")]

    def read(obj: Any) -> Any:
        try:
            counts = [member.__get__(obj) for member in members]
        except Exception:  # it was closed
            return None
        try:
            return [*counts, *_schemas(base, obj)]
        except Exception:  # it is another thread's
            return counts

    return read


def _schemas(base: Any, connection: Any) -> list[Any]:
    """How often the tables of each database in memory were changed; of those in files other processes see it, too."""
    if _calls_back(base, connection):
        return []
    cursor = base.cursor(connection)
    cursor.row_factory = None
    # No file means no lock that somebody else may have.
    names = [name for _, name, file in cursor.execute("PRAGMA database_list").fetchall() if not file]
    quoted = [name.replace('"', '""') for name in names]
    return [cursor.execute(f'PRAGMA "{name}".schema_version').fetchall() for name in quoted]


def _calls_back(base: Any, connection: Any) -> bool:
    """Whether it may call something for a statement that we run: it holds what is neither its own nor a factory."""
    factories = [class_dict(base)[name].__get__(connection) for name in ("row_factory", "text_factory")]
    held = [part for part in gc.get_referents(connection) if not any(part is each for each in factories)]
    return factories[1] is not str or not all(
        part is type(connection) or type(part) in _OF_CONNECTIONS or full_class_name(type(part)) == "sqlite3.Cache"
        for part in held
    )


_OF_CONNECTIONS = (str, list, dict, functools._lru_cache_wrapper)
"""The isolation level, lists of cursors and blobs, before Python 3.11 functions, and the cache of statements."""


_READERS: dict[str, Callable[[Any], Read]] = {
    "_io.FileIO": _is_closed,
    **dict.fromkeys(("_io.TextIOWrapper", "_io.BufferedReader", "_io.BufferedWriter", "_io.BufferedRandom"), fields_of),
    "sqlite3.Connection": _changes_of_database,
    "concurrent.futures._base.Future": lambda base: lambda obj: vars_of(obj).get("_state"),
    "_thread.lock": lambda base: base.locked,
    "_thread.RLock": lambda base: base.__repr__,
}
_CLOSED = ("concurrent.futures._base.Future",)
_LAYERS = {
    "_io.TextIOWrapper": "buffer",
    "_io.BufferedReader": "raw",
    "_io.BufferedWriter": "raw",
    "_io.BufferedRandom": "raw",
}
