"""The sessions that the documents show are what a terminal shows."""

import sys
from pathlib import Path

import pytest

from tests.docs.sessions import PAGES, recorded

pytest.importorskip("buildstream")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_recorded_session_is_the_true_one(page: Path, tmp_path: Path) -> None:
    assert "$ enforcer" in page.read_text(encoding="utf-8")
    assert _in_any_python(page.read_text(encoding="utf-8")) == _in_any_python(recorded(page, tmp_path))


def _in_any_python(text: str) -> str:
    """From 3.13 on, Python's XML has quotation marks in texts as they are."""
    return text if sys.version_info < (3, 13) else text.replace("&quot;", '"')
