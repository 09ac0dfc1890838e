"""How records travel: on reports, and from the workers of pytest-xdist to their controller. PYTEST_DONT_REWRITE.

What one worker reported is kept even when it crashes later; only plain data is sent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from enforcer.results.record import Record
from enforcer.settings.plain import settings_to_plain
from enforcer.settings.settings import Settings
from pytest_plugin import options

_KEY = "enforcement"


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another one."""
    return hasattr(config, "workerinput")


def is_controller(config: pytest.Config) -> bool:
    """Whether other processes run the tests."""
    return config.pluginmanager.has_plugin("dsession")


def tell(node: Any, settings: Settings) -> None:
    """Give a worker the settings of the run; `options.settings` takes them there."""
    node.workerinput[options.TOLD] = settings_to_plain(settings)


def attach_record(report: pytest.TestReport, record: Record) -> None:
    """Put `record` on a report; an empty one is not worth it."""
    if record != Record():
        setattr(report, _KEY, record.to_plain())


def attached_record(report: pytest.TestReport) -> Record | None:
    """What a report carries."""
    return _record(getattr(report, _KEY, None), getattr(report, "node", None))


def send(config: pytest.Config, record: Record) -> None:
    """Tell the controller what this worker saw outside of its tests; if it is nothing, that it looked."""
    config.workeroutput[_KEY] = record.to_plain()  # type: ignore[attr-defined]


def sent(node: Any) -> Record | None:
    """What a worker told; None from one that crashed, or that did not enforce."""
    return _record(getattr(node, "workeroutput", {}).get(_KEY), node)


def plain_nodeid(item: pytest.Item) -> str:
    """The node id without the group that `--dist loadgroup` appends, so that every way to run gives the same."""
    if getattr(item.config.option, "loadgroup", False) and any(item.iter_markers("xdist_group")):
        return item.nodeid.rpartition("@")[0] or item.nodeid
    return item.nodeid


def _record(data: dict[str, Any] | None, node: Any) -> Record | None:
    if data is None:
        return None
    record = Record.from_plain(data)
    if node is not None:
        record.files = {(name, _at_home(place, node)) for name, place in record.files}
    return record


def _at_home(place: str, node: Any) -> str:
    """Where a file is for the controller that its worker has in a copy which pytest-xdist made of a directory."""
    spec = node.gateway.spec
    if spec.popen and not spec.chdir:
        return place
    for root in node.nodemanager.roots:
        copy = Path(node.workerinfo["cwd"], root.name)
        if Path(place).is_relative_to(copy):
            return str(root / Path(place).relative_to(copy))
    return place
