"""How some of the process's state is read and put back.

The functions that do it are kept here: a plugin may put others in their place.
"""

from __future__ import annotations

import _locale
import _signal  # type: ignore[import-not-found]  # what `signal` wraps
import csv
import decimal
import faulthandler
import os
import re
import resource
import signal
import sys
import time
import warnings
from _thread import stack_size as _stack_size
from collections.abc import Callable, Iterable
from functools import partial
from gc import disable, enable, get_debug, get_threshold, isenabled, set_debug, set_threshold
from os import chdir, close, getcwd, read
from os import open as open_
from os import umask as _os_umask
from resource import getrlimit, setrlimit
from typing import Any

from enforcer.bst.elements.process.of_thread import OfThread, hook_of_thread
from enforcer.bst.elements.process.random_sequence import RandomSequence
from enforcer.graph.kinds import PROBE, Contents, Probe
from enforcer.graph.some_entries import PART, Current, CurrentDictKind, PartOf
from enforcer.graph.unit import Cell


def directory() -> str | None:
    """The working directory; None where it was removed."""
    try:
        return getcwd()
    except FileNotFoundError:
        return None


def set_directory(value: str) -> None:
    """Go back."""
    chdir(value)


def umask() -> int:
    """The umask."""
    # Asking os.umask() means setting it, for every thread. This runs twice a job: no file object, no pattern.
    file = open_("/proc/self/status", os.O_RDONLY)
    try:
        _, _, after = read(file, 4096).partition(b"\nUmask:")
    finally:
        close(file)
    return int(after.split(None, 1)[0], 8) if after else -1


def set_umask(value: int) -> None:
    """Put it back."""
    _os_umask(value)


_SIGNALS = sorted(signal.valid_signals())
_getsignal, _pthread_sigmask = _signal.getsignal, _signal.pthread_sigmask
_handlers: tuple[Any, ...] = ()


def signal_handlers() -> tuple[Any, ...]:
    """The handler of each signal; the very same tuple as long as they are the same."""
    global _handlers
    # `signal.getsignal` looks each of them up in an enumeration: slow, and it may run a handler's `__hash__`.
    now = tuple(map(_getsignal, _SIGNALS))
    if len(now) != len(_handlers) or not all(a is b for a, b in zip(now, _handlers, strict=True)):
        _handlers = now
    return _handlers


_RLIMITS = {number: name for name, number in sorted(vars(resource).items(), reverse=True) if name[:7] == "RLIMIT_"}


class _Limits:
    """The limits by name; the very same dictionary as long as they are the same."""

    def __init__(self) -> None:
        self._last: tuple[tuple[int, int], ...] = ()
        self._named: dict[str, tuple[int, int]] = {}

    def read(self) -> dict[str, tuple[int, int]]:
        now = tuple(map(getrlimit, _RLIMITS))
        if now != self._last:
            self._last, self._named = now, dict(zip(_RLIMITS.values(), now, strict=True))
        return self._named


class _LimitsKind(CurrentDictKind):
    """Resource limits."""

    def restore(self, obj: Any, before: Contents) -> None:
        wanted, now = dict(before), obj.find()
        for number, name in _RLIMITS.items():
            if now[name] != wanted[name]:
                setrlimit(number, wanted[name])

    def step(self, obj: Any, name: Any) -> str:
        return f"({name})"


_LIMITS = _LimitsKind()


def limit_cells() -> Iterable[Cell]:
    """One for all limits."""
    yield Cell(_LIMITS, Current(_Limits().read), None, "resource.getrlimit")


def _decimal_text(context: Any) -> str:
    """How it computes; without its flags, which tell what was computed."""
    before, _, after = _context_repr(context).partition(" flags=[")
    return before + after.partition("],")[2]


_context_repr = decimal.Context.__repr__


def _set_decimal(context: Any, text: str) -> None:
    fields = dict(_DECIMAL_FIELD.findall(text))
    traps = fields.pop("traps")
    for name, value in fields.items():
        setattr(context, name, value if name == "rounding" else int(value))
    for trap in context.traps:
        context.traps[trap] = trap.__name__ in traps


_DECIMAL_FIELD = re.compile(r"(\w+)=(\[.*?\]|\w+|-\d+)")


def decimal_context_cells() -> Iterable[Cell]:
    """The contexts that new threads, and others, get copies of."""
    for name in ("DefaultContext", "BasicContext", "ExtendedContext"):
        yield Cell(PROBE, Probe(f"decimal.{name}", *_decimal_context(getattr(decimal, name))), None, "")


def _decimal_context(context: Any) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    return lambda: _decimal_text(context), lambda text: _set_decimal(context, text)


_filters_mutated = warnings._filters_mutated  # type: ignore[attr-defined]


def forget_filters() -> None:
    """What modules remember of filters that they have asked is asked anew."""
    _filters_mutated()


def module_cells() -> Iterable[Cell]:
    """One for all modules that are loaded."""
    names = [name for name in list(sys.modules) if type(name) is str and not name.startswith("pluginbase.")]
    yield Cell(PART, PartOf(sys.modules, names), None, "sys.modules")


def _dialects() -> dict[str, Any]:
    return {name: csv.get_dialect(name) for name in csv.list_dialects()}


class _DialectsKind(CurrentDictKind):
    """Dialects: registered and unregistered one by one."""

    def restore(self, obj: Any, before: Contents) -> None:
        wanted = dict(before)
        for name in csv.list_dialects():
            if name not in wanted:
                csv.unregister_dialect(name)
        for name, dialect in before:
            csv.register_dialect(name, dialect)


def dialect_cells() -> Iterable[Cell]:
    """One for all dialects."""
    yield Cell(_DIALECTS, Current(_dialects), None, "csv.list_dialects()")


_DIALECTS = _DialectsKind()


_tzset = time.tzset


def set_time_zone() -> None:
    """Go back to what the environment, which was put back before, says."""
    _tzset()


def locale() -> str:
    """The locale of everything."""
    return _setlocale(_locale.LC_ALL)


def set_locale(value: str) -> None:
    """Put it back."""
    _setlocale(_locale.LC_ALL, value)


_setlocale = _locale.setlocale


def stack_size() -> int:
    """That of new threads."""
    size = _stack_size()  # which sets it to what it is by default
    _stack_size(size)
    return size


def gc_switches() -> tuple[Any, ...]:
    """How the collector works."""
    return (isenabled(), get_threshold(), get_debug())


def set_gc_switches(value: tuple[Any, ...]) -> None:
    """Put it back."""
    enabled, threshold, debug = value
    (enable if enabled else disable)()
    set_threshold(*threshold)
    set_debug(debug)


def set_faulthandler(value: bool) -> None:
    """Put it back."""
    (faulthandler.enable if value else faulthandler.disable)()


_getaffinity, _getcontext = os.sched_getaffinity, decimal.getcontext

RANDOM = RandomSequence()
NICE = OfThread(partial(os.getpriority, os.PRIO_PROCESS, 0), partial(os.setpriority, os.PRIO_PROCESS, 0))
AFFINITY = OfThread(lambda: tuple(sorted(_getaffinity(0))), partial(os.sched_setaffinity, 0))
MASK = OfThread(
    lambda: frozenset(_pthread_sigmask(_signal.SIG_BLOCK, ())),
    lambda value: _pthread_sigmask(_signal.SIG_SETMASK, value),
)
DECIMAL = OfThread(lambda: _decimal_text(_getcontext()), lambda text: _set_decimal(_getcontext(), text))
TRACE = OfThread(hook_of_thread(sys.gettrace), sys.settrace)
PROFILE = OfThread(hook_of_thread(sys.getprofile), sys.setprofile)

OF_THREADS = (NICE, AFFINITY, MASK, DECIMAL, TRACE, PROFILE)
"""What each thread has of its own: read in the thread of a job, before and after it."""
