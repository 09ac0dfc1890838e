"""What the pages of the rules show is what a user sees."""

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, shown_message, true_message

pytest.importorskip("buildstream")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_message_on_the_page_is_the_true_one(page: Path, tmp_path: Path) -> None:
    assert shown_message(page) == true_message(page, tmp_path)
