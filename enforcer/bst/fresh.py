"""Lead a `bst` to caches that the run has to itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from enforcer.fresh import FreshCaches, write_config


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
        original(self, str(write_config(own.directory(), origin and Path(origin))))
        self.config_origin = origin

    return load
