"""What enforcement cost: numbers for every report, seconds for the terminal alone.

Seconds differ from run to run, and the same run gives the same report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enforcer.results import costs
from enforcer.settings.option_table import option_named


@dataclass(frozen=True)
class Cost:
    """What following lines took.

    Attributes:
        jobs: those of which lines were followed.
        given_up: those of them of which that was given up, because it had cost too much.
        lines: how often something was compared, because a line came next or a function ended.
        cells: how many cells were compared then.
    """

    jobs: int = 0
    given_up: int = 0
    lines: int = 0
    cells: int = 0


NO_COST = Cost()
_NUMBERS = (costs.FOLLOWED_JOBS, costs.GIVEN_UP_JOBS, costs.FOLLOWED_LINES, costs.FOLLOWED_CELLS)


def cost_of(spent: Mapping[str, float]) -> Cost:
    """The numbers among all that a record has."""
    return Cost(*(int(spent.get(name, 0)) for name in _NUMBERS))


NOTABLE = 5.0
"""Seconds; what took less is not worth a line, however short the jobs were."""

_LEAST_SHARE = 0.05
# What it went into, by the names of the costs, and for the backends where there is one an option that makes it cheaper.
_PARTS: tuple[tuple[str, tuple[str, ...], Mapping[str, tuple[str, str]]], ...] = (
    ("following lines", (costs.LINES,), dict.fromkeys(("threads", "fork", "pool"), ("blame", "touch"))),
    ("comparing around jobs", (costs.CHECK,), dict.fromkeys(("threads", "fork"), ("backend", "pool"))),
    ("walking the graph", (costs.WALK,), {}),
    ("passing changes on", (costs.CATCH_UP, costs.APPLY), {}),
    ("forking", (costs.FORK,), {"fork": ("backend", "pool")}),
    ("recording accesses", (costs.ACCESSES,), {}),
)


def cost_line(spent: Mapping[str, float], backend: str, in_pytest: bool = False) -> str | None:
    """What it took and what that went into, where it was at least as long as the jobs themselves; else None."""
    parts = [(sum(spent.get(name, 0.0) for name in names), what, cheaper) for what, names, cheaper in _PARTS]
    took, jobs = sum(seconds for seconds, _, _ in parts), spent.get(costs.JOB_SECONDS, 0.0)
    if took < max(NOTABLE, jobs):
        return None
    parts = sorted((part for part in parts if part[0] >= took * _LEAST_SHARE), key=lambda part: -part[0])
    shares = ", ".join(f"{what} {seconds / took:.0%}" for seconds, what, _ in parts)
    waited = spent.get(costs.TURN, 0.0)
    turns = f"; jobs waited {waited:,.0f} s for their turn" if waited >= NOTABLE else ""
    choice = next((cheaper[backend] for _, _, cheaper in parts if backend in cheaper), None)
    hint = "" if choice is None else f"; cheaper: {_option(*choice, in_pytest)}"
    return f"enforcement took {took:,.0f} s, the jobs themselves {jobs:,.0f} s: {shares}{turns}{hint}"


def _option(name: str, value: str, in_pytest: bool) -> str:
    option = option_named(name)
    return f"{option.pytest_name if in_pytest else option.command_name} {value}"
