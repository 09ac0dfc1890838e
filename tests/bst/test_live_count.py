"""The live count is one more line of BuildStream's own status header, and leaves no trace."""

from __future__ import annotations

import contextlib
import sys
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from buildstream._frontend import status
from buildstream._frontend.profile import Profile

from enforcer.bst.live_count import live_count
from enforcer.session import Session
from enforcer.settings.settings import Mode, Settings
from tests.reports.records import FINDING, by, record


def header() -> Any:
    """BuildStream's header of a session without any queue, in plain text."""
    usage = SimpleNamespace(used_size=None)
    context: Any = SimpleNamespace(
        get_toplevel_project=lambda: SimpleNamespace(name="tiny"),
        get_cascache=lambda: SimpleNamespace(get_cache_usage=lambda: usage),
        log_message_format="",
    )
    stream: Any = SimpleNamespace(session_elements=[], total_elements=[])
    profile = Profile()
    profile.fmt = lambda text, **_: text
    return status._StatusHeader(context, SimpleNamespace(task_groups={}), *[profile] * 4, stream)


@pytest.fixture
def session() -> Session:
    session = Session(Settings(mode=Mode.DISCARD))
    with session.recording() as recorded:
        recorded.merge(record(FINDING, by("known.bst", known=True), by("fine.bst", allowed="why"), checked=1234))
    return session


def lines(made: Any, width: int) -> list[str]:
    found: list[str] = made.render(width, timedelta()).splitlines()
    return found


def test_the_count_is_the_last_of_the_lines_that_the_header_says_it_has(session: Session) -> None:
    stock = header()
    with live_count(session):
        counting = header()
        shown = lines(counting, 100)
    assert counting.lines == stock.lines + 1 == len(shown)
    assert shown[:-1] == lines(stock, 100)
    assert shown[-1].strip() == "enforcement discard: 1,234 jobs checked, 1 new violation"


@pytest.mark.parametrize("width", [10, 40, 80])
def test_the_count_is_no_wider_than_the_terminal(session: Session, width: int) -> None:
    with live_count(session):
        assert len(lines(header(), width)[-1]) <= width


def test_nothing_is_left_of_it(session: Session) -> None:
    before = dict(vars(status._StatusHeader))
    with contextlib.suppress(ValueError), live_count(session):
        assert dict(vars(status._StatusHeader)) != before
        raise ValueError("from bst")
    assert dict(vars(status._StatusHeader)) == before


def test_a_buildstream_without_this_header_goes_without(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(status, "_StatusHeader")
    with live_count(session):
        assert "buildstream" in sys.modules
