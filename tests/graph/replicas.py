"""Real forked processes, each with its copy of one graph, that are told what to do through pipes."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable
from typing import IO, Any

from enforcer.graph.compare import changed_cells
from enforcer.graph.delta import Codec, Encoded
from enforcer.graph.entries import CellDelta, Delta, apply
from enforcer.graph.graph import Graph
from enforcer.graph.references import References
from enforcer.graph.unit import Unit


class OpenWire:
    """Knows no special objects; attributes named `local_…` are each process's own."""

    def is_local(self, obj: object, name: object) -> bool:
        return type(name) is str and name.startswith("local_")

    def name_of(self, obj: object) -> tuple[Any, ...] | None:
        return None

    def find(self, name: Any) -> Any:
        raise KeyError(name)

    def reduce(self, obj: object) -> Any:
        return NotImplemented


class Replica:
    """One process's graph and codec, made before the fork."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.codec = Codec(graph.registry, References(graph.registry.seal()), OpenWire())

    def send(self, unit: Unit, author: str) -> Encoded:
        """What changed on `unit`, which is undone here, as a worker does it."""
        changed = changed_cells(unit)
        encoded = self.codec.encode(author, unit, changed)
        assert self.graph.undo(changed) == []
        return encoded

    def receive(self, payload: bytes, keep: Callable[[CellDelta, Any], bool] = lambda entry, name: False) -> Delta:
        """Apply what some replica has sent."""
        delta = self.codec.decode(payload)
        apply(delta, self.graph.registry, keep)
        unit = self.graph.unit_of(delta.root)
        assert unit is not None
        self.graph.accept(changed_cells(unit))
        return delta


class Child:
    """A process forked now, that calls `functions` when it is told to, and tells what they return."""

    def __init__(self, *functions: Callable[..., Any]) -> None:
        self._functions = functions
        asked, ask = os.pipe()
        answered, answer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                os.close(ask)
                os.close(answered)
                self._serve(os.fdopen(asked, "rb"), os.fdopen(answer, "wb"))
                status = 0
            finally:
                os._exit(status)
        os.close(asked)
        os.close(answer)
        self._ask, self._answered = os.fdopen(ask, "wb"), os.fdopen(answered, "rb")

    def _serve(self, asked: IO[bytes], answer: IO[bytes]) -> None:
        while (call := pickle.load(asked)) is not None:
            number, args = call
            try:
                told = (True, self._functions[number](*args))
            except BaseException:
                told = (False, traceback.format_exc())
            pickle.dump(told, answer)
            answer.flush()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """What `function` returns over there; an exception there fails the test here."""
        self._write((self._functions.index(function), args))
        fine, value = pickle.load(self._answered)
        assert fine, value
        return value

    def _write(self, asked: Any) -> None:
        pickle.dump(asked, self._ask)
        self._ask.flush()

    def end(self) -> None:
        """Have it exit."""
        with self._ask, self._answered:
            self._write(None)
            assert os.waitpid(self._pid, 0)[1] == 0
