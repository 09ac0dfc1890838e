"""The `enforce` marker: what it makes of the settings. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from enforcer.errors import UsageError
from enforcer.processes.available import why_not
from enforcer.rules.registry import check_allowed
from enforcer.settings.settings import AllowEntry, Mode, Settings, parse_backend

LOOSEST_FIRST = (Mode.OFF, Mode.SOFT, Mode.DISCARD, Mode.STRICT)
_KEYWORDS = ("mode", "backend", "allow", "reason")


@dataclass(frozen=True)
class Marked:
    """The settings for one test or fixture; `reason` is why its mode is looser than that of the run."""

    settings: Settings
    reason: str | None = None


def marked(node: pytest.Item | pytest.Collector | Any, base: Settings) -> Marked:
    """What the markers of `node` and of what holds it make of `base`.

    Raises:
        UsageError: a marker is wrong; the text says where and how to mend it.
    """
    result = Marked(base)
    # The closest marker comes last, so that its backend has the last word; modes only ever get looser.
    for mark in reversed(list(node.iter_markers("enforce"))):
        try:
            result = _loosened(result, mark)
        except UsageError as error:
            raise UsageError(f"marker enforce of {getattr(node, 'nodeid', node)}: {error}") from None
    return result


def _loosened(before: Marked, mark: pytest.Mark) -> Marked:
    reason = _reason(mark)
    settings = before.settings
    if "mode" in mark.kwargs:
        settings = settings.with_(mode=_looser(settings.mode, mark.kwargs["mode"]))
    if "backend" in mark.kwargs:
        settings = settings.with_(backend=_backend(mark.kwargs["backend"]))
    entries = tuple(AllowEntry.parse(text, reason) for text in _texts(mark.kwargs.get("allow", ())))
    check_allowed(entries)
    is_looser = settings.mode is not before.settings.mode
    return Marked(settings.with_(allow=settings.allow + entries), reason if is_looser else before.reason)


def _reason(mark: pytest.Mark) -> str:
    unknown = [f"{name}=" for name in mark.kwargs if name not in _KEYWORDS]
    if mark.args or unknown:
        what = ", ".join([*map(repr, mark.args), *unknown])
        raise UsageError(f"does not know {what}: it takes {', '.join(f'{name}=' for name in _KEYWORDS)}")
    reason = mark.kwargs.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError("it has no reason: say why this test may be looser, reason='...'")
    if len(mark.kwargs) == 1:
        raise UsageError("it changes nothing: give mode=, backend= or allow=")
    return reason.strip()


def _looser(base: Mode, text: object) -> Mode:
    mode = Mode.parse(str(getattr(text, "value", text)))
    if mode is Mode.STRICT:
        raise UsageError("it may only loosen, and nothing is stricter than mode='strict'")
    return min(base, mode, key=LOOSEST_FIRST.index)


def _backend(name: object) -> str:
    backend = parse_backend(str(name))
    if (why := why_not(backend)) is not None:
        raise UsageError(why)
    return backend


def _texts(allow: object) -> Iterable[str]:
    if isinstance(allow, str) or not isinstance(allow, (list, tuple)):
        raise UsageError(f"allow is {allow!r}: give a list, e.g. allow=['foreign-write base.bst environment[*]']")
    return [str(text) for text in allow]
