"""Whatever the backend: what a user sees of a build, and what it leaves, is what stock BuildStream gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.cases import (
    CASES,
    everyday,
    failures,
    not_strict,
    quits,
    retries,
    shares,
    tracking,
    workspaces,
)
from tests.contract.conftest import Case
from tests.contract.lab import Lab
from tests.contract.observed import Observed, expect_same, observed

STARTED = quits
"""The case whose enforced processes are begun by Python, as a user's are."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_it_is_as_stock_has_it(
    case: Case, backend: str, stock: Callable[[Case], Observed], lab_of: Callable[..., Lab]
) -> None:
    lab = lab_of(backend)
    lab.is_preloaded = case is not STARTED
    case(lab)
    expect_same(stock(case), observed(lab))


@pytest.mark.parametrize(
    ("case", "texts"),
    [
        (everyday, ["heard all the same", "noisy: logged", "docs.bst", "fed.bst"]),
        (failures, ["my own fault", "|BUG    |Build", "not there", "failed 3", "processed 2, skipped 1, failed 0"]),
        (quits, ["failed 1"]),
        (retries, ["Try #2 failed, retrying", "no network", "try 3"]),
        (shares, ["|SKIPPED|Pull", "|SKIPPED|Push", "|SKIPPED|Src-push", "Pull Queue: processed 3"]),
        (tracking, ["ref: one", "ref: two", "project.refs", "Try #1 failed, retrying"]),
        (workspaces, ["Incremental build", "was_workspaced: true"]),
        (not_strict, ["Strict Build Plan:       No"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_case_has_what_it_is_there_for(case: Case, texts: list[str], stock: Callable[[Case], Observed]) -> None:
    seen = str(stock(case))
    assert [text for text in texts if text not in seen] == []
