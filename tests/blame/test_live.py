"""Lines are followed until that has cost what it may; nothing that was seen is lost then, and nothing is made up."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Iterator

import pytest

from enforcer.blame.live import GIVEN_UP, LineBlame
from enforcer.blame.reach import Doors, Reach
from enforcer.graph.compare import changed_cells
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from tests.graph.policies import OpenPolicy

_FILE = "/plugins/plugin.py"
_TEXT = """
def writes_early(table, many):
    table["early"] = 1
    for _ in range(many):
        pass
    table["late"] = 2

def writes_twice(table, many):
    table["key"] = 1
    for _ in range(many):
        pass
    table["key"] = 2

def calls(table, many, elsewhere):
    for _ in range(many):
        elsewhere()
    table["late"] = 2
"""
_MANY = 1_000


class Thing:
    def __init__(self) -> None:
        self.table: dict[str, int] = {}


class Job:
    """A job of one plugin that holds the table of something foreign."""

    def __init__(self, limit: int | None) -> None:
        self.plugin = types.ModuleType("plugin")
        exec(compile(_TEXT, _FILE, "exec"), vars(self.plugin))
        self.thing = Thing()
        self.unit = Unit("element", "base.bst", [(self.thing, "")])
        Graph(OpenPolicy()).add([self.unit])
        reach = Reach([self.plugin], lambda obj: None, Doors(), tuple, tuple)
        self.live = LineBlame({_FILE}, reach, lambda ident: False, lambda unit: False, lambda frame, ident: None, limit)

    def run(self, name: str, *args: object) -> dict[str, int | None]:
        """The line of each entry that was changed, None where it is not known."""
        self.live.arm(None, [self.unit])
        getattr(self.plugin, name)(self.thing.table, *args)
        return self.stop()

    def stop(self) -> dict[str, int | None]:
        """The same when the job is over."""
        self.live.stop()
        (cell,) = changed_cells(self.unit)
        where = {change.name: self.live.blamed(change) for change in cell.changes}
        return {name: line and line.plugin and line.plugin.line for name, line in where.items()}


@pytest.fixture(autouse=True)
def _untraced() -> Iterator[None]:
    before = sys.gettrace()
    yield
    assert sys.gettrace() is before


def test_without_a_limit_each_line_is_seen() -> None:
    job = Job(None)
    assert job.run("writes_early", _MANY) == {"early": 3, "late": 6}
    assert job.live.trouble is None
    assert job.live.budget.lines > _MANY


def test_beyond_the_limit_no_line_is_seen_and_the_earlier_ones_are_kept() -> None:
    job = Job(20_000)
    assert job.run("writes_early", _MANY) == {"early": 3, "late": None}
    assert job.live.trouble == GIVEN_UP
    assert not job.live.follows
    assert job.live.budget.lines < _MANY


def test_it_ends_at_the_same_line_each_time() -> None:
    jobs = [Job(20_000) for _ in range(2)]
    assert jobs[0].run("writes_early", _MANY) == jobs[1].run("writes_early", _MANY)
    first, second = ((job.live.budget.lines, job.live.budget.cells) for job in jobs)
    assert first == second


def test_a_line_that_wrote_first_is_not_blamed_for_what_a_later_one_wrote_unseen() -> None:
    assert Job(None).run("writes_twice", _MANY) == {"key": 12}
    assert Job(20_000).run("writes_twice", _MANY) == {"key": None}


def test_nothing_is_followed_again_when_something_else_is_touched() -> None:
    job = Job(20_000)
    job.live.arm(None, [job.unit])
    job.plugin.writes_early(job.thing.table, _MANY)  # type: ignore[attr-defined]
    lines = job.live.budget.lines
    job.live.touch(job.unit, sys._getframe())
    job.live.arm(sys._getframe(), [job.unit])
    job.plugin.writes_early(job.thing.table, _MANY)  # type: ignore[attr-defined]
    assert job.live.budget.lines == lines
    assert job.stop() == {"early": 3, "late": None}


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Threads run a few lines each: one waits for another, which gives up, while a third runs on unseen."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching_often")
def test_all_threads_of_a_job_share_what_it_may_cost() -> None:
    job = Job(40_000)
    job.live.arm(None, [job.unit])
    threads = [
        threading.Thread(target=job.plugin.writes_early, args=(job.thing.table, _MANY))  # type: ignore[attr-defined]
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert job.stop() == {"early": 3, "late": None}
    assert job.live.budget.lines < _MANY


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="calls of other functions are told of before Python 3.12 only")
def test_calls_of_other_code_count_where_each_costs_one_of_ours() -> None:
    job = Job(200_000)
    assert job.run("calls", 30, _calls_a_lot(500)) == {"late": None}
    assert job.live.trouble == GIVEN_UP


@pytest.mark.skipif(sys.version_info < (3, 12), reason="calls of other functions cost nothing from Python 3.12 on")
def test_calls_of_other_code_are_free_where_they_cost_nothing() -> None:
    assert Job(200_000).run("calls", 30, _calls_a_lot(500)) == {"late": 17}


def _calls_a_lot(number: int) -> Callable[[], None]:
    def nothing() -> None:
        pass

    def calls() -> None:
        for _ in range(number):
            nothing()

    return calls
