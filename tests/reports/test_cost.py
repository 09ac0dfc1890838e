"""What enforcement cost: numbers in every report, seconds on the terminal, where that is worth a line."""

from __future__ import annotations

import pytest

from enforcer.reports.cost import Cost, cost_line, cost_of
from enforcer.settings.settings import BACKENDS
from tests.reports.records import COSTS


def test_a_report_has_the_numbers_and_no_seconds() -> None:
    assert cost_of(COSTS) == Cost(jobs=3, given_up=1, lines=1_200, cells=480_000)
    assert cost_of({}) == Cost(0, 0, 0, 0)


def test_the_line_says_what_it_went_into_most_first_and_what_is_cheaper() -> None:
    assert cost_line(COSTS, "pool") == (
        "enforcement took 20 s, the jobs themselves 4 s: "
        "following lines 81%, comparing around jobs 12%, walking the graph 6%; cheaper: --blame touch"
    )


def test_in_pytest_it_names_the_options_of_pytest() -> None:
    assert str(cost_line(COSTS, "threads", in_pytest=True)).endswith("; cheaper: --enforce-blame touch")


def test_jobs_that_waited_long_for_their_turn_are_worth_a_word() -> None:
    assert "; jobs waited 12 s for their turn; cheaper: " in str(cost_line({**COSTS, "turn": 12.0}, "threads"))


@pytest.mark.parametrize(
    ("spent", "backend", "hint"),
    [
        ({"check": 30.0}, "threads", "; cheaper: --backend pool"),
        ({"check": 30.0}, "fork", "; cheaper: --backend pool"),
        ({"check": 30.0}, "pool", "100%"),
        ({"fork": 30.0}, "fork", "; cheaper: --backend pool"),
        ({"apply": 20.0, "catch up": 10.0}, "pool", "passing changes on 100%"),
        ({"walk": 30.0, "lines": 3.0}, "pool", "; cheaper: --blame touch"),
        ({"walk": 30.0, "lines": 1.0}, "pool", "walking the graph 97%"),
    ],
)
def test_what_is_cheaper_is_an_option_for_what_it_went_into(spent: dict[str, float], backend: str, hint: str) -> None:
    assert str(cost_line(spent, backend)).endswith(hint)


@pytest.mark.parametrize(
    "spent",
    [
        {},
        {"check": 4.9},
        {"check": 100.0, "job": 100.1},
        {"turn": 1000.0},
        {"bytes": 10**9, "forks": 10**9, "action": 10**9, "followed lines": 10**9},
    ],
)
def test_what_was_little_or_less_than_the_jobs_is_not_worth_a_line(spent: dict[str, float]) -> None:
    assert [cost_line(spent, backend) for backend in BACKENDS] == [None] * len(BACKENDS)
