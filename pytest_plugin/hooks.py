"""What pytest loads: options, marker, fixture, and the switch that turns the rest on. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_plugin import options

MARKER = (
    "enforce(mode=..., backend=..., allow=[...], reason=...): loosen enforcement for this test; "
    "mode is discard, soft or off, allow a list of 'RULE OWNER PATH', and the reason is needed."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini values."""
    options.add_options(parser)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Prepare for a backend whose jobs are processes, after plugins that set the environment, before any conftest."""
    options.prepare_backend(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; where enforcement is asked for, bring in the plugin that enforces."""
    config.addinivalue_line("markers", MARKER)
    if options.is_asked_for(config):
        from pytest_plugin import enforcing

        enforcing.install(config)
    else:
        options.refuse_what_needs_enforcement(config)


@pytest.fixture
def enforcement(request: pytest.FixtureRequest) -> Iterator[Any]:
    """What enforcement found in this test so far, and what this test expects it to find.

    `enforcement.findings` is a list. In `with enforcement.expects("foreign-write", owner="base.bst"):`
    builds must have such a finding, which then does not fail the test; without `--enforce` the test is skipped.
    """
    if options.is_asked_for(request.config):
        from pytest_plugin import enforcing

        yield enforcing.for_test(request)
    else:
        from pytest_plugin.expecting import NotEnforced

        yield NotEnforced("the test needs --enforce")
