"""Whatever the backend: signals end, hold up and continue a build as they do stock's, and the next run goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.conftest import Case
from tests.contract.lab import Lab
from tests.contract.observed import Observed, expect_same, observed
from tests.contract.signals import interrupted, suspended, terminated, terminates_on_error


@pytest.mark.parametrize("case", [terminated, interrupted, suspended], ids=lambda case: case.__name__)
def test_it_is_as_stock_has_it(
    case: Case, backend: str, stock: Callable[[Case], Observed], lab_of: Callable[..., Lab]
) -> None:
    lab = lab_of(backend)
    case(lab)
    expect_same(stock(case), observed(lab))
    if case is interrupted:
        page = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
        assert f"| that of `bst`: {lab.steps[0].status} while jobs run, " in page


def test_a_failure_terminates_what_runs_beside_it(
    process_backend: str, stock: Callable[[Case], Observed], lab_of: Callable[..., Lab]
) -> None:
    """Not with `threads`, where one job at a time has its turn."""
    lab = lab_of(process_backend)
    terminates_on_error(lab)
    expect_same(stock(terminates_on_error), observed(lab))
