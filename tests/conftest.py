"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest_plugins = ["pytester", "tests.installed"]


@pytest.fixture(scope="session", autouse=True)
def _room_for_inner_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have pytest's inner runs keep their files apart: each would remove what the runs of the user have left.

    Pages of failed runs go there, too. Nor do they take the machine for a CI job, where pytest cuts no line
    and no page is written for a reader.
    """
    room = tmp_path_factory.mktemp("inner")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER"):
            patch.delenv(name, raising=False)
        patch.setenv("PYTEST_DEBUG_TEMPROOT", str(room))
        patch.setenv("XDG_CACHE_HOME", str(room / "cache"))
        yield
