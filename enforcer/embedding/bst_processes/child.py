"""What a `bst` process does first when a watched process has started it.

Loaded from its file by `site/sitecustomize.py`, in whatever Python runs `bst`: standard library
only, until it is known that this process is to be watched and that `enforcer` is there.

It leaves two files beside each other: `TOKEN.PID.started` when it began, and `TOKEN.PID.json` at
the end, with either the record or a sentence that says why nothing was watched.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def start(request_path: str) -> None:
    """Watch this process as `request_path` says, if it is a `bst`; never raises."""
    try:
        if _load_recognise().is_bst(list(getattr(sys, "orig_argv", sys.argv))):
            _watch(request_path)
    except Exception:
        traceback.print_exc()


def _load_recognise() -> Any:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recognise.py")
    spec = importlib.util.spec_from_file_location("_enforcer_recognise", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _watch(request_path: str) -> None:
    with open(request_path, encoding="utf-8") as stream:
        request = json.load(stream)
    answer = os.path.join(request["answers"], "{}.{}".format(request["token"], os.getpid()))
    with open(answer + ".started", "w", encoding="utf-8"):
        pass
    problem = _activate(request, answer + ".json")
    if problem is not None:
        _write(answer + ".json", {"unwatched": problem})


def _activate(request: dict[str, Any], path: str) -> str | None:
    """Switch enforcement on; a sentence says why that is not possible."""
    try:
        import enforcer
    except ImportError:
        return f"no enforcer is installed beside it ({sys.prefix})"
    if enforcer.__version__ != request["version"]:
        return "enforcer {} is installed beside it, not {}".format(enforcer.__version__, request["version"])
    try:
        from enforcer.embedding import activation
        from enforcer.fresh_caches import FreshCaches
        from enforcer.session import Session
        from enforcer.settings.plain import settings_from_plain

        caches = request["caches"] and FreshCaches(Path(request["caches"]), spares_named=True)
        session = Session(settings_from_plain(request["settings"]), caches)
        activation.activate(session)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    pid = os.getpid()

    def finish() -> None:
        # A forked child inherits this function; what it saw is not its to tell.
        if os.getpid() == pid:
            _write(path, {"record": session.take().to_plain()})

    atexit.register(finish)
    return None


def _write(path: str, answer: dict[str, Any]) -> None:
    """Write `answer` whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as stream:
        json.dump(answer, stream)
    os.replace(path + ".part", path)
