"""Coverage of what runs in workers: measured there as main measures, and added to what main has.

Nothing is imported and nothing happens unless coverage measures this process already.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_OPTIONS = ("branch", "context", "core", "include", "omit", "plugins", "source", "source_dirs", "source_pkgs", "timid")


def measuring() -> Any:
    """The `coverage.Coverage` that measures this process now, if any."""
    module = sys.modules.get("coverage")
    return None if module is None else module.Coverage.current()


def current_context() -> str | None:
    """The dynamic context that is measured in now: the test's, if whoever measures asked for contexts."""
    context = getattr(getattr(measuring(), "_data", None), "_current_context", None)
    return context or None


class Measuring:
    """In a worker: measures one job after the other, as main was measured when it was forked.

    Attributes:
        active: whether it was.
    """

    def __init__(self) -> None:
        parent = measuring()
        self._options = {} if parent is None else _options_of(parent)
        self.active = parent is not None
        if parent is not None:
            with _silence():
                parent.stop()  # its data is main's to keep

    @contextmanager
    def job(self, context: str | None) -> Iterator[list[bytes]]:
        """Measure the block; afterwards the list holds what was measured, if anything is."""
        measured: list[bytes] = []
        if not self.active:
            yield measured
            return
        from coverage import Coverage

        mine = Coverage(data_file=None, config_file=False)
        for name, value in self._options.items():
            mine.set_option(name, value)
        with _silence():
            mine.start()
            if context is not None:
                mine.switch_context(context)
        try:
            yield measured
        finally:
            with _silence():
                mine.stop()
                measured.append(mine.get_data().dumps())


def _options_of(parent: Any) -> dict[str, Any]:
    from coverage.exceptions import CoverageException

    found = {}
    for name in (f"run:{option}" for option in _OPTIONS):
        try:
            found[name] = parent.get_option(name)
        except CoverageException:  # an option that this version of coverage does not have
            continue
    return {name: value for name, value in found.items() if value is not None}


@contextmanager
def _silence() -> Iterator[None]:
    """What coverage has to warn of, it says in main."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def add_measured(measured: list[bytes]) -> None:
    """In main: add what workers measured."""
    main = measuring()
    if main is None or not measured:
        return
    from coverage import CoverageData

    with _silence():
        data = main.get_data()
        for payload in measured:
            part = CoverageData(no_disk=True)
            part.loads(payload)
            data.update(part)
