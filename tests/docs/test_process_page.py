"""The page of the state of the process is the list in the code."""

from __future__ import annotations

import pytest

pytest.importorskip("buildstream")

from tests.docs.process_page import shown, table


def test_the_page_has_each_row_of_the_list() -> None:
    assert shown() == table(), "write it anew: python -m tests.docs.process_page"
