"""A session says of each finding whether it is allowed, known or new, and whether it fails its job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from enforcer.results.findings import Finding
from enforcer.session import Session
from enforcer.settings.baseline import Baseline, Entry
from enforcer.settings.comments import Ignored
from enforcer.settings.settings import AllowEntry, Mode, Settings
from tests.reports.records import FINDING

KNOWN = Baseline(Path("/p/known.txt"), "known.txt", frozenset({Entry.of(FINDING)}))
ALLOW = AllowEntry.parse("foreign-write base.bst environment[*]", "fine")


def classified(finding: Finding, **settings: object) -> tuple[bool, bool, str | None]:
    finding = replace(finding)
    fails = Session(Settings(**settings)).classify(finding)  # type: ignore[arg-type]
    return fails, finding.known, finding.allowed


def test_a_new_finding_fails_its_job_beside_a_baseline_too() -> None:
    assert classified(FINDING) == (True, False, None)
    assert classified(replace(FINDING, path="opt"), baseline=KNOWN) == (True, False, None)


def test_a_known_finding_does_not() -> None:
    assert classified(FINDING, baseline=KNOWN) == (False, True, None)


def test_what_is_allowed_with_a_reason_needs_no_baseline() -> None:
    assert classified(FINDING, baseline=KNOWN, allow=(ALLOW,)) == (False, False, "fine")


def test_a_comment_at_its_line_goes_before_the_allow_list() -> None:
    session, finding = Session(Settings(allow=(ALLOW,))), replace(FINDING)
    assert not session.classify(finding, Ignored("plugins/my_kind.py:31", "beside"))
    assert (finding.allowed, finding.comment) == ("beside", "plugins/my_kind.py:31")
    record = session.take()
    assert (record.comments_used, record.allow_used) == ({"plugins/my_kind.py:31: ignore[foreign-write]"}, set())


@pytest.mark.parametrize(
    "settings", [{"collect": True}, {"mode": Mode.DISCARD}, {"collect": True, "update_baseline": True}]
)
def test_where_no_job_fails_a_finding_is_still_new(settings: dict[str, object]) -> None:
    assert classified(FINDING, **settings) == (False, False, None)


def test_a_known_warning_is_known() -> None:
    assert classified(replace(FINDING, severity="warning"), baseline=KNOWN) == (False, True, None)
