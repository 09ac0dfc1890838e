"""The `enforcement` fixture: what was found so far, and what a test expects to be found. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from enforcer.results.findings import Finding
    from pytest_plugin.item_state import ItemState


class NotEnforced:
    """The fixture's value where nothing is enforced."""

    def __init__(self, why: str) -> None:
        self._why = why
        self.findings: list[Finding] = []

    def expects(self, rule: str, owner: str = "*", path: str = "*") -> Expectation:
        """Skip the test: what it expects cannot be found."""
        pytest.skip(f"expects a {rule} finding: {self._why}")


class Enforced:
    """The fixture's value under enforcement."""

    def __init__(self, findings_now: Callable[[], list[Finding]], state: ItemState) -> None:
        self._findings_now = findings_now
        self._state = state
        self.consumed: list[Finding] = []

    @property
    def findings(self) -> list[Finding]:
        """What builds of this test gave so far, without what an `expects` block consumed."""
        taken = set(map(id, self.consumed))
        return [finding for finding in self.all_findings() if id(finding) not in taken]

    def all_findings(self) -> list[Finding]:
        """What builds of this test gave so far."""
        return self._state.findings + self._findings_now()

    def expects(self, rule: str, owner: str = "*", path: str = "*") -> Expectation:
        """A block whose builds must break `rule` on `owner` at `path`; in both only `*` is special.

        The block's value is a list that holds these findings when the block has ended. They fail neither
        the test nor the run, and the report calls them allowed.
        """
        return Expectation(self, rule, owner, path)


class Expectation:
    """One `with enforcement.expects(…)` block."""

    def __init__(self, enforced: Enforced, rule: str, owner: str, path: str) -> None:
        from enforcer.rules.registry import get_rule
        from enforcer.settings.settings import AllowEntry

        self._enforced = enforced
        get_rule(rule)
        self._wanted = AllowEntry(rule, owner, path, "expected by the test")
        self._before: set[int] = set()
        self._found: list[Finding] = []

    def __enter__(self) -> list[Finding]:
        self._before = set(map(id, self._enforced.all_findings()))
        return self._found

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        new = [finding for finding in self._enforced.findings if id(finding) not in self._before]
        for finding in new:
            if self._wanted.matches(finding.rule, finding.owner.name, finding.path):
                finding.allowed = self._wanted.reason
                self._found.append(finding)
        self._enforced.consumed += self._found
        if not self._found and error is None:
            pytest.fail(self._nothing(new))

    def _nothing(self, others: list[Finding]) -> str:
        wanted = self._wanted
        text = f"expected a {wanted.rule} finding on {wanted.owner} at {wanted.path}, but there was none"
        if not others:
            return f"{text}, nor any other"
        return "\n".join([f"{text}; there were:", *(f"  {finding.allow_line}" for finding in others)])
