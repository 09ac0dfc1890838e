"""What following lines has cost is counted, so that the same run always ends at the same line."""

from __future__ import annotations

from enforcer.blame.budget import Budget
from enforcer.blame.watched import Watched
from enforcer.graph.kinds import DICT, PROBE, Probe
from enforcer.graph.unit import Cell, Unit


def unit(cells: int, probes: int = 0) -> Unit:
    made = Unit("element", "e.bst", [])
    made.fill(
        [Cell(DICT, {}, None, "d") for _ in range(cells)]
        + [Cell(PROBE, Probe("p", lambda: 0, None), None, "p") for _ in range(probes)]
    )
    return made


def lines_of(limit: int, *units: Unit) -> int:
    budget = Budget(limit)
    for each in units:
        budget.watch(Watched(each))
    while not budget.exhausted:
        budget.line()
    return budget.lines


def test_a_line_costs_what_is_compared_after_it() -> None:
    assert lines_of(10_000) == 101
    assert lines_of(10_000, unit(100)) == 41
    assert lines_of(10_000, unit(100), unit(100)) == 21


def test_what_is_read_as_a_whole_costs_more_than_a_cell() -> None:
    assert lines_of(20_000, unit(100)) == 91
    assert lines_of(20_000, unit(97, 3)) == 25


def test_a_few_cells_more_or_less_make_no_difference() -> None:
    assert lines_of(10_000, unit(101)) == lines_of(10_000, unit(199))


def test_close_looks_count() -> None:
    budget = Budget(1_999)
    budget.look(Watched(unit(1)))
    assert budget.exhausted


def test_calls_of_other_code_count_apart_as_there_are_not_always_as_many() -> None:
    budget = Budget(10_000)
    budget.calls(500)
    assert not budget.exhausted
    while not budget.exhausted:
        budget.line()
    assert budget.lines == lines_of(10_000)
    budget = Budget(10_000)
    budget.calls(501)
    assert budget.exhausted


def test_cells_are_counted_as_often_as_they_are_compared() -> None:
    budget = Budget(None)
    budget.watch(Watched(unit(150)))
    budget.line()
    budget.watch(Watched(unit(50)))
    budget.line()
    assert (budget.lines, budget.cells) == (2, 200 + 300)


def test_without_a_limit_it_is_never_exhausted() -> None:
    budget = Budget(None)
    budget.calls(10**12)
    assert not budget.exhausted
