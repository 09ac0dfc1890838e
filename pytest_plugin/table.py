"""The table of options, read without an import of `enforcer`. PYTEST_DONT_REWRITE.

Every test run has our options in its help, but only one that enforces has `enforcer` among its modules: the others
shall not pay for it, and a coverage that starts later shall see the whole of it.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enforcer.settings.option_table import Option

_NAME = "enforcer.settings.option_table"


@functools.cache
def options() -> tuple[Option, ...]:
    """The rows of the table; equal to those that `enforcer` has, but not the same objects."""
    # Beside this package, as both are of one distribution: a user may have a module `enforcer` of their own.
    directory = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), *_NAME.split(".")[:-1])
    spec = PathFinder.find_spec(_NAME, [directory])
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"no module {_NAME!r} in {directory}", name=_NAME)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows: tuple[Option, ...] = module.OPTIONS
    return rows
