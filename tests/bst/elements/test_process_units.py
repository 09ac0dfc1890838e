"""What all jobs share: the state of the process."""

from __future__ import annotations

import asyncio
import decimal
import logging
import os
import random
import signal
import sys
import threading
import types
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from enforcer.bst.elements.process import reading
from enforcer.bst.elements.process.units import Process, begin_in_thread, end_in_thread
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit
from tests.graph.build import paths
from tests.graph.policies import OpenPolicy


def process_graph() -> Graph:
    """A graph of the process alone, whose next compare is by the pass."""
    graph = Graph(OpenPolicy())
    graph.add(Process(()).units())
    assert paths(graph) == []
    assert all(unit.get_ready() for unit in graph.units)
    return graph


def test_the_umask_is_seen_and_put_back() -> None:
    graph = process_graph()
    before = os.umask(0o123)
    try:
        assert paths(graph) == [("umask", "set")]
        [cell] = graph.changed()
        assert cell.changes[0].after == 0o123
        assert graph.undo([cell]) == []
        assert paths(graph) == []
        assert os.umask(0o123) == before
    finally:
        os.umask(before)


def test_a_signal_handler_is_seen_and_so_is_that_it_was_put_back() -> None:
    graph = process_graph()
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        assert paths(graph) == [("signal handlers", "set")]
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert paths(graph) == []


def test_an_environment_variable_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = process_graph()
    monkeypatch.setenv("ENFORCER_TEST", "1")
    assert paths(graph) == [("os.environ['ENFORCER_TEST']", "added")]


def test_a_variable_that_only_the_c_library_has_is_seen_and_taken_away() -> None:
    graph = process_graph()
    os.putenv("ENFORCER_TEST", "1")
    [cell] = graph.changed()
    assert [change.raw_path() for change in cell.changes] == ["os.putenv['ENFORCER_TEST']"]
    assert graph.undo([cell]) == []
    assert paths(graph) == []


def test_an_environment_that_was_replaced_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = process_graph()
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert paths(graph) == [("os.environ", "set")]


def test_drawing_numbers_is_no_change_however_many() -> None:
    graph = process_graph()
    random.random()
    assert paths(graph) == []
    random.randbytes(100_000)
    assert paths(graph) == []


@pytest.mark.parametrize("draw", [random.random, lambda: random.randrange((1 << 40) + 1)])
def test_drawing_a_million_numbers_is_no_change(draw: Callable[[], object]) -> None:
    graph = process_graph()
    for _ in range(1_000_000):
        draw()
    assert paths(graph) == []


@pytest.mark.parametrize("drawn", [0, 1, 5000])
def test_a_seed_is_a_change_however_much_was_drawn_since(drawn: int) -> None:
    graph = process_graph()
    reading.RANDOM.begin()
    before = random.getstate()
    random.seed(5)
    random.randbytes(drawn)
    [cell] = graph.changed()
    assert [change.raw_path() for change in cell.changes] == ["random.seed()"]
    assert graph.undo([cell]) == []
    assert random.getstate() == before


def test_what_a_plugin_has_imported_of_it_is_still_the_process_s() -> None:
    module: Any = types.ModuleType("plug")
    module.choice, module.path = random.choice, sys.path
    graph = Graph(OpenPolicy())
    graph.add([*Process(()).units(), Unit("module", "plug", [(module, "")], shared=True)])
    random.random()
    assert paths(graph) == []
    sys.path.append("/acme")
    try:
        [cell] = graph.changed()
        assert cell.unit.kind == "process"
    finally:
        sys.path.remove("/acme")


def test_a_sequence_that_was_put_back_is_no_change_whenever_one_looks() -> None:
    graph = process_graph()
    reading.RANDOM.begin()
    random.random()
    before = random.getstate()
    random.seed(5)
    assert paths(graph) == [("random.seed()", "set")]
    random.setstate(before)
    assert paths(graph) == []


def test_what_was_drawn_before_the_job_cannot_be_drawn_again() -> None:
    earlier = random.getstate()
    random.random()
    graph = process_graph()
    reading.RANDOM.begin()
    random.setstate(earlier)
    assert paths(graph) == [("random.seed()", "set")]


def test_the_opener_that_urlopen_makes_is_no_change_and_one_with_more_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "_opener", None)
    graph = process_graph()
    urllib.request.urlopen("data:,hello").close()
    assert paths(graph) == []
    urllib.request._opener.addheaders.append(("Authorization", "word"))  # type: ignore[attr-defined]
    assert paths(graph) == [("urllib.request._opener", "set")]


def test_the_loops_of_python_s_own_policy_are_there_again_when_another_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    class Policy(asyncio.DefaultEventLoopPolicy):
        pass

    before = asyncio.get_event_loop_policy()
    graph = process_graph()
    monkeypatch.setattr(asyncio.events, "_event_loop_policy", Policy())
    [cell] = graph.changed()
    assert graph.undo([cell]) == []
    assert asyncio.get_event_loop_policy() is before


def test_the_handler_that_logging_adds_by_itself_is_no_change_and_another_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    graph = process_graph()
    logging.warning("hello")
    assert len(logging.root.handlers) == 1
    assert paths(graph) == []
    logging.root.handlers[0].setLevel(logging.ERROR)
    assert paths(graph) == [("logging.getLogger().handlers[0]", "added")]


def test_a_filter_is_seen_and_put_back_also_where_the_list_was_replaced() -> None:
    graph = process_graph()
    before = warnings.filters
    held = list(before)
    warnings.filters = [("ignore", None, Warning, None, 0), *held]
    [cell] = graph.changed()
    assert [change.raw_path() for change in cell.changes] == ["warnings.filters[0]"]
    assert graph.undo([cell]) == []
    assert warnings.filters is before
    assert before == held


def in_thread(*, changes: bool) -> list[tuple[str, str]]:
    """What is changed after a job in a thread of its own."""
    graph = process_graph()
    found: list[tuple[str, str]] = []

    def job() -> None:
        begin_in_thread()
        if changes:
            decimal.getcontext().prec = 3
            sys.setprofile(lambda *_: None)
        decimal.Decimal(1) / 3
        changed = graph.changed()
        found.extend((change.raw_path(), change.change) for cell in changed for change in cell.changes)
        assert graph.undo(changed) == []
        assert decimal.getcontext().prec == 28
        assert graph.changed() == []
        end_in_thread()

    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    return found


def test_what_a_thread_has_of_its_own_is_compared_with_what_it_had_before_the_job() -> None:
    assert in_thread(changes=False) == []
    assert sorted(in_thread(changes=True)) == [("decimal.getcontext()", "set"), ("sys.getprofile()", "set")]
    decimal.getcontext().prec, before = 5, decimal.getcontext().prec
    try:
        assert in_thread(changes=False) == []
    finally:
        decimal.getcontext().prec = before


@pytest.fixture
def new_logger() -> Iterator[logging.Logger]:
    """A logger that nobody has asked for before."""
    yield logging.getLogger("enforcer_test.new")
    for name in ("enforcer_test", "enforcer_test.new"):
        del logging.root.manager.loggerDict[name]


def test_a_logger_that_is_asked_for_is_no_change_and_one_that_is_told_something_is(
    request: pytest.FixtureRequest,
) -> None:
    graph = process_graph()
    logger = request.getfixturevalue("new_logger")
    assert paths(graph) == []
    logger.setLevel(logging.ERROR)
    logger.addHandler(logging.NullHandler())
    logger.addFilter(lambda record: True)
    assert sorted(paths(graph)) == [
        ("logging.getLogger('enforcer_test.new').filters[0]", "added"),
        ("logging.getLogger('enforcer_test.new').handlers[0]", "added"),
        ("logging.getLogger('enforcer_test.new').level", "added"),
    ]
    assert graph.undo(graph.changed()) == []
    assert (logger.level, logger.handlers, logger.filters) == (logging.NOTSET, [], [])
    assert paths(graph) == []


def test_what_a_new_logger_was_told_before_stays_where_a_later_change_is_put_back(
    request: pytest.FixtureRequest,
) -> None:
    graph = process_graph()
    logger, first = request.getfixturevalue("new_logger"), logging.NullHandler()
    logger.addHandler(first)
    graph.accept(graph.changed())
    logger.handlers.insert(0, logging.NullHandler())
    logger.propagate = False
    assert graph.undo(graph.changed()) == []
    assert (logger.handlers, logger.propagate) == ([first], True)
    assert paths(graph) == []
