"""The workers of pytest-xdist, as their controller sees them. PYTEST_DONT_REWRITE.

Each is told the settings of the run. One that cannot enforce stops the run before it starts: pytest-xdist would replace
it by the next, which cannot either. One that ends without a word leaves a sentence in the report.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from enforcer.embedding.watch import probe, what_was_probed
from enforcer.errors import UnsupportedError
from enforcer.reports.value import all_versions, installed_versions
from enforcer.results.record import Record
from enforcer.settings.settings import Settings
from pytest_plugin import sharing

_RUN = """
import subprocess, sys
found = subprocess.run([sys.executable, *channel.receive()], capture_output=True, text=True)
channel.send((found.returncode, found.stdout, found.stderr))
"""


class Workers:
    """What was made of the workers that this process has started; there are none without pytest-xdist."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._versions: list[dict[str, str | None]] = []
        self._told: list[Record] = []
        self._down: dict[Any, str] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker the settings, if it can enforce."""
        self._versions.append(_versions_of(node.gateway, self._settings.backend))
        sharing.tell(node, self._settings)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take what a worker saw outside of its tests; of an interrupted one pytest-xdist tells twice."""
        if node in self._down:
            return
        self._down[node] = ""
        record = sharing.sent(node)
        if record is not None:
            self._told.append(record)
        elif error:
            self._down[node] = "what was built outside of tests was not seen: a worker of pytest-xdist ended"
        else:
            self._down[node] = (
                "what was built in some tests was not seen: a worker of pytest-xdist ran without the enforcer"
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: Any) -> None:
        """Note in which test a worker has ended."""
        self._down[report.node] = f"what was built in {crashitem} was not seen: its worker of pytest-xdist ended"

    def rest(self) -> Record:
        """What workers saw outside of their tests, and what of them was not seen."""
        record = Record()
        for told in self._told:
            record.merge(told)
        record.errors += filter(None, self._down.values())
        return record

    @property
    def versions(self) -> dict[str, str | None] | None:
        """Those of all workers; None where there are none."""
        return all_versions(self._versions) or None


def _versions_of(gateway: Any, backend: str) -> dict[str, str | None]:
    """The versions that a worker behind `gateway` works with.

    Raises:
        pytest.UsageError: nothing can be enforced there.
    """
    there = gateway._rinfo()
    if there.executable == sys.executable:
        return installed_versions()
    python = "{}.{}.{}".format(*there.version_info[:3])
    if gateway.spec.popen:
        if tuple(there.version_info[:2]) != sys.version_info[:2]:
            raise pytest.UsageError(
                f"{there.executable} (Python {python}) cannot be a popen worker here: pytest-xdist gives it the import "
                "path of this Python, which is another version; start it behind a socket: "
                f"--px id=NAME//popen//python={there.executable} --tx socket//installvia=NAME"
            )
        return {**installed_versions(), "python": python}
    try:
        versions = _probed(gateway, backend)
    except UnsupportedError as error:
        raise pytest.UsageError(f"nothing can be enforced in {there.executable} (Python {python}): {error}") from None
    mine = installed_versions()["enforcer"]
    if versions["enforcer"] != mine:
        raise pytest.UsageError(
            f"{there.executable} (Python {python}) has version {versions['enforcer']} of the enforcer, and this Python "
            f"{mine}: install the same in both"
        )
    return versions


def _probed(gateway: Any, backend: str) -> dict[str, str | None]:
    channel = gateway.remote_exec(_RUN)
    channel.send(probe(backend))
    found = what_was_probed(*channel.receive())
    channel.waitclose()
    return found
