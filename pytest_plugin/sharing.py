"""How records travel: on reports, and from the workers of pytest-xdist to their controller. PYTEST_DONT_REWRITE.

What one worker reported is kept even when it crashes later; only plain data is sent.
"""

from __future__ import annotations

from typing import Any

import pytest

from enforcer.record import Record

_KEY = "enforcement"


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another one."""
    return hasattr(config, "workerinput")


def is_controller(config: pytest.Config) -> bool:
    """Whether other processes run the tests."""
    return config.pluginmanager.has_plugin("dsession")


def attach(report: pytest.TestReport, record: Record) -> None:
    """Put `record` on a report; an empty one is not worth it."""
    if record != Record():
        setattr(report, _KEY, record.to_plain())


def attached(report: pytest.TestReport) -> Record | None:
    """What a report carries."""
    return _record(getattr(report, _KEY, None))


def send(config: pytest.Config, record: Record) -> None:
    """Tell the controller what this worker saw outside of its tests."""
    if record != Record():
        config.workeroutput[_KEY] = record.to_plain()  # type: ignore[attr-defined]


def sent(node: Any) -> Record | None:
    """What a worker told; a worker that crashed told nothing."""
    return _record(getattr(node, "workeroutput", {}).get(_KEY))


def plain_nodeid(item: pytest.Item) -> str:
    """The node id without the group that `--dist loadgroup` appends, so that every way to run gives the same."""
    if getattr(item.config.option, "loadgroup", False) and any(item.iter_markers("xdist_group")):
        return item.nodeid.rpartition("@")[0] or item.nodeid
    return item.nodeid


def _record(data: dict[str, Any] | None) -> Record | None:
    return None if data is None else Record.from_plain(data)
