"""The page of core fills is the list in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("buildstream")

PAGE = Path(__file__).parents[2] / "docs" / "core-fills.md"


def test_the_page_lists_each_fill_with_its_reason() -> None:
    from enforcer.bst.judging.core_fills import FILLS
    from enforcer.bst.judging.memos import MEMOS

    rows = re.findall(r"^\| `(.+?)` \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(fill.name, fill.reason) for fill in (*FILLS, *MEMOS)]
