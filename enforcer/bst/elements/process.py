"""The process as a unit: what all of its jobs share."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps
import locale
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from operator import is_
from typing import Any

from enforcer.graph.kinds import PROBE, Contents, DictKind, Probe
from enforcer.graph.unit import Cell, Unit

DOORS = (
    os.environ,
    os.environb,
    os.chdir,
    os.fchdir,
    os.umask,
    os.putenv,
    os.unsetenv,
    signal.signal,
    locale.setlocale,
)
"""What plugin code uses to change the process, beside `sys.path`."""


class EnvironmentKind(DictKind):
    """`os.environ`: kept as bytes inside, written through itself so that the C library's copy follows."""

    ordered = False

    def dicts(self, objects: Sequence[Any]) -> Iterable[Any]:
        return (environ._data for environ in objects)

    def contents(self, obj: Any) -> Contents:
        return _decoded(super().contents(obj))

    def cut(self, flat: list[Any], start: int, size: int) -> Contents:
        return _decoded(super().cut(flat, start, size))

    def restore(self, obj: Any, before: Contents) -> None:
        wanted = dict(before)
        for name in [name for name in obj if name not in wanted]:
            del obj[name]
        for name, value in before:
            if obj.get(name) != value:
                obj[name] = value


def _decoded(entries: Contents) -> Contents:
    return [(os.fsdecode(name), os.fsdecode(value)) for name, value in entries]


ENVIRONMENT = EnvironmentKind()


def process_unit() -> Unit:
    """Environment variables, working directory, umask, signal handlers, `sys.path` and locale."""
    probes = (
        Probe("os.getcwd()", _directory, os.chdir),
        Probe("umask", _umask, _set_umask),
        Probe("signal handlers", _signal_handlers, None),
        Probe("locale.setlocale(LC_ALL)", lambda: locale.setlocale(locale.LC_ALL), _set_locale),
    )
    fixed = [Cell(ENVIRONMENT, os.environ, None, "os.environ")]
    fixed += [Cell(PROBE, probe, None, "") for probe in probes]
    return Unit("process", "process", [(sys.path, "sys.path")], shared=True, fixed=fixed)


def _directory() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _umask() -> int:
    # Asking os.umask() means setting it, for every thread. This runs twice a job: no file object, no pattern.
    file = os.open("/proc/self/status", os.O_RDONLY)
    try:
        _, _, after = os.read(file, 4096).partition(b"\nUmask:")
    finally:
        os.close(file)
    return int(after.split(None, 1)[0], 8) if after else -1


_handlers: tuple[Any, ...] = ()


def _signal_handlers() -> tuple[Any, ...]:
    """The handler of each signal; the very same tuple as long as they are the same."""
    global _handlers
    # `signal.getsignal` looks each of them up in an enumeration: slow, and it may run a handler's `__hash__`.
    now = tuple(map(_signal.getsignal, _SIGNALS))
    if len(now) != len(_handlers) or not all(map(is_, now, _handlers)):
        _handlers = now
    return _handlers


def _set_umask(value: int) -> None:
    os.umask(value)


_SIGNALS = sorted(signal.valid_signals())


def _set_locale(value: str) -> None:
    locale.setlocale(locale.LC_ALL, value)
