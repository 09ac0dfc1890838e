"""When the fresh caches of `--enforce-fresh` come and go: one set a test. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from enforcer.fresh_caches import FreshCaches

Wrapper = Generator[None, Any, None]


class Freshening:
    """Gives each test caches of its own.

    What a fixture of a wider scope has built is there for all its tests: they share one set as long as it lives.
    So do all that come after a build outside of any test.
    """

    def __init__(self, caches: FreshCaches) -> None:
        self._caches = caches
        self._holders: set[Any] = set()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Wrapper:
        """Remove what the test built, unless somebody still needs it."""
        if self._caches.exist and not self._holders:
            self._holders.add(self)
        yield
        if not self._holders:
            self._caches.remove()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Wrapper:
        """Note which fixture has built."""
        before = self._caches.uses
        yield
        if self._caches.uses != before and fixturedef.scope != "function":
            self._holders.add(fixturedef)

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        """What it has built is needed no more."""
        self._holders.discard(fixturedef)

    def pytest_unconfigure(self) -> None:
        """However the run ends, nothing is left."""
        self._caches.remove()
