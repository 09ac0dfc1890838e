"""What a thread has of its own is told by what it had when its job began, and in no other thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

from enforcer.bst.elements.thread_state import ThreadState
from enforcer.graph.kinds import CannotRestore, Probe


def _probe_of(state: ThreadState, obj: object) -> Probe:
    make = state.probe(type(obj))
    assert make is not None
    return make(obj)


def _local(**attributes: Any) -> threading.local:
    local = threading.local()
    vars(local).update(attributes)
    return local


WRITES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], Any]] = {
    "added": (_local, lambda local: setattr(local, "a", 1), {"a": 1}),
    "set": (lambda: _local(a=1), lambda local: setattr(local, "a", 2), {"a": 2}),
    "removed": (lambda: _local(a=1), lambda local: delattr(local, "a"), {}),
    "inside": (lambda: _local(a=[1]), lambda local: local.a.append(2), {"a": [1, 2]}),
    "variable": (lambda: ContextVar("v", default=0), lambda var: var.set(5), 5),
}


@pytest.mark.parametrize(("make", "write", "told"), WRITES.values(), ids=list(WRITES))
def test_a_change_is_told_and_put_back(make: Callable[[], Any], write: Callable[[Any], Any], told: Any) -> None:
    def job() -> None:
        state, obj = ThreadState(), make()
        probe = _probe_of(state, obj)
        write(obj)
        assert probe.read() is None, "no job has begun"
        obj = make()
        probe = _probe_of(state, obj)
        state.begin()
        assert probe.read() is None
        write(obj)
        assert probe.read() == told
        assert probe.read() is probe.read()
        assert probe.write is not None
        probe.write(None)
        assert probe.read() is None

    copy_context().run(job)


def test_what_is_in_a_default_value_is_no_threads_own() -> None:
    def job() -> None:
        state, var = ThreadState(), ContextVar[list[int]]("v", default=[1])  # noqa: B039
        probe = _probe_of(state, var)
        state.begin()
        var.get().append(5)
        assert probe.read() is None
        var.set([])
        assert probe.read() == []
        assert probe.write is not None
        probe.write(None)
        assert var.get() == [1, 5]

    copy_context().run(job)


def test_another_thread_has_nothing_to_tell() -> None:
    state, local = ThreadState(), threading.local()
    probe = _probe_of(state, local)
    state.begin()
    local.a = 1
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(probe.read()))
    thread.start()
    thread.join()
    assert found == [None]


def test_a_variable_that_was_never_set_cannot_be_unset() -> None:
    def job() -> None:
        state, var = ThreadState(), ContextVar[int]("v")
        probe = _probe_of(state, var)
        state.begin()
        var.set(1)
        assert probe.read() == 1
        assert probe.write is not None
        with pytest.raises(CannotRestore):
            probe.write(None)

    copy_context().run(job)


def test_a_class_that_derives_from_it_is_not_asked() -> None:
    class Own(threading.local):
        def __init__(self) -> None:
            raise AssertionError("runs in each thread")

    assert ThreadState().probe(Own) is None
