"""The sessions that the documents show are what a terminal shows."""

from pathlib import Path

import pytest

from tests.docs.sessions import PAGES, recorded

pytest.importorskip("buildstream")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_recorded_session_is_the_true_one(page: Path, tmp_path: Path) -> None:
    assert "$ enforcer" in page.read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8") == recorded(page, tmp_path)
