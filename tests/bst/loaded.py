"""A loaded project in this process and in forked ones, each with its side of the replication."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from buildstream._context import Context
from buildstream._project import Project
from buildstream.types import _Scope

from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.replicas.replication import Replication
from enforcer.graph.compare import changed_cells
from tests.bst.builds import Build
from tests.graph.replicas import Child

Do = Callable[["Loaded"], Any]


class Loaded:
    """The elements `app.bst`, which needs `base.bst`, in main and in two workers; `functions` run in these.

    Attributes:
        note: what tests keep in the attribute `note` of `app` before the fork.
    """

    def __init__(self, directory: Path, *functions: Do, note: Any = None) -> None:
        self.build = Build(directory)
        self.build.element("app", "pass", "base", source="feeds")
        self.build._arguments()
        # Without a casd there is no gRPC: nothing is built here.
        self.context = Context(use_casd=False)
        self.context.load(str(directory / "buildstream.conf"))
        self.context.messenger.set_message_handler(lambda message, is_silenced: None)
        self.project = Project(str(self.build.project), self.context)
        self.project.ensure_fully_loaded()
        (self.app,) = self.project.load_elements(["app.bst"])
        (self.base,) = self.app._dependencies(_Scope.ALL, recurse=False)
        self.app.note = note
        self.run_graph = RunGraph(self.context)
        self.graph = self.run_graph.graph
        self.unit = self.run_graph.unit_of(self.app)
        self.replication = Replication(self.run_graph)
        self.refused: list[tuple[str, str]] = []
        self._functions = functions
        self._deltas = 0
        self._workers = [Child(self._work, self._catch_up, self._look) for _ in range(2)]

    def _work(self, number: int, author: str) -> tuple[bytes | None, list[tuple[str, str]]]:
        self._functions[number](self)
        changed = changed_cells(self.unit)
        encoded = self.replication.codec.encode(author, self.unit, changed)
        assert self.graph.undo(changed) == []
        # What core filled in on others stays.
        self.graph.refresh()
        return encoded.payload, [(refused.change.raw_path(), refused.type_name) for refused in encoded.refused]

    def _catch_up(self, payload: bytes) -> list[str]:
        self.replication.catch_up([payload])
        return [repr(cell.cell) for cell in self.graph.changed()]

    def _look(self, number: int) -> Any:
        return self._functions[number](self)

    def work(self, function: Do, worker: int = 0) -> bytes | None:
        """Run `function` as a job of `app` in a worker; returns its delta."""
        self._deltas += 1
        number = self._functions.index(function)
        payload, self.refused = self._workers[worker].call(self._work, number, f"job{self._deltas}")
        return payload  # type: ignore[no-any-return]

    def job(self, function: Do, worker: int = 0) -> None:
        """The same, and what it changed is applied in main and sent to all workers."""
        payload = self.work(function, worker)
        assert payload is not None, self.refused
        self.send(self.replication.apply_job(payload, self.replication.position))

    def send(self, payload: bytes) -> None:
        """Send an update to all workers."""
        self.replication.published(self.replication.position + 1)
        for worker in self._workers:
            assert worker.call(self._catch_up, payload) == []

    def everywhere(self, function: Do) -> Any:
        """What `function` returns in this process, which must be the same in all."""
        here = function(self)
        for worker in self._workers:
            assert worker.call(self._look, self._functions.index(function)) == here
        return here

    def end(self) -> None:
        for worker in self._workers:
            worker.end()
        self.context.__exit__(None, None, None)
