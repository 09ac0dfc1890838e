"""What is known of one test while it runs. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from enforcer.results.findings import Finding
from pytest_plugin.marking import Marked


class PhaseFailure(NamedTuple):
    """Why a phase fails: in full, on one line, and the exception that carries it where it is none of the test's own."""

    text: str
    line: str
    exception: BaseException | None


@dataclass
class ItemState:
    """One run of one test.

    Attributes:
        marked: what its markers make of the settings.
        misuse: what is wrong with its markers.
        findings: those of its phases that have ended.
        shared: findings of a build that also served other tests, to be judged in this one too.
        failures: for each phase with findings that fail it, what is said of them.
    """

    marked: Marked
    misuse: str | None = None
    findings: list[Finding] = field(default_factory=list)
    shared: list[Finding] = field(default_factory=list)
    failures: dict[str, PhaseFailure] = field(default_factory=dict)


item_state_key = pytest.StashKey[ItemState]()
