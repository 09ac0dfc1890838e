"""One browser for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reports.html.browser import Page, find_chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if find_chromium() is None:
        pytest.skip("no chromium here (Debian: apt-get install chromium)")
    page = Page(tmp_path_factory.mktemp("browser"))
    try:
        yield page
    finally:
        page.close()
