"""What all jobs share: the state of the process."""

from __future__ import annotations

import os
import signal

import pytest

from enforcer.bst.elements.process import process_unit
from enforcer.graph.graph import Graph
from tests.graph.build import paths
from tests.graph.policies import OpenPolicy


def process_graph() -> Graph:
    """A graph of the process alone, whose next compare is by the pass."""
    graph = Graph(OpenPolicy())
    graph.add([process_unit()])
    assert paths(graph) == []
    assert graph.units[0].unchanged()
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
