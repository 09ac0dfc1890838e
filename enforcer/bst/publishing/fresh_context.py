"""Lead a `bst` to caches that the run has to itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from buildstream import _signals

from enforcer.fresh_caches import FreshCaches, write_fresh_config


def remove_when_terminated(caches: FreshCaches | None) -> None:
    """Have BuildStream's handler of SIGTERM, which ends the process at once, remove the caches as the last it does.

    Once the scheduler has laid the ground: whoever is first in the list installs the handler.
    """
    if caches is not None and _signals.terminator_stack and caches.remove not in _signals.terminator_stack:
        _signals.terminator_stack.appendleft(caches.remove)


def forget_to_remove(caches: FreshCaches | None) -> None:
    """The run has ended by itself."""
    if caches is not None and caches.remove in _signals.terminator_stack:
        _signals.terminator_stack.remove(caches.remove)


def load_fresh(original: Callable[..., None], caches: Callable[[], FreshCaches | None]) -> Callable[..., None]:
    """Wrap `Context.load`; `caches` says where those of the run are, if it has its own."""

    @functools.wraps(original)
    def load(self: Any, config: str | None = None) -> None:
        # First as it is: what is wrong with the user's file is told by its name, and its log directory counts.
        original(self, config)
        own = caches()
        if own is None or (config and own.spares_named):
            return
        origin = self.config_origin
        # Sizes in percent are of the file system of the caches, so BuildStream is to work them out again.
        original(self, str(write_fresh_config(own.directory(), origin and Path(origin))))
        self.config_origin = origin

    return load
