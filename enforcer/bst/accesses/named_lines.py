"""Which lines of plugin code read and write globals of modules and attributes of classes, and that they run.

No hook shows it, so the code of plugin modules is searched once for the lines that name them, and in jobs it is counted
which of these run. A line counts once each time that it runs, however often it goes round in a comprehension.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, NamedTuple

from enforcer.blame.code import Named, functions_of, named, nested_code
from enforcer.blame.lines import Follower, line_events
from enforcer.bst.accesses.homes import Attribute, Homes

_LOADS = ("LOAD_ATTR", "LOAD_METHOD")
_STORES = ("STORE_ATTR", "DELETE_ATTR")
_GLOBAL_STORES = ("STORE_GLOBAL", "DELETE_GLOBAL")


class NamedAccess(NamedTuple):
    """What a line does each time that it runs."""

    attribute: Attribute
    writes: bool


class NamedLines:
    """The lines of some modules.

    Attributes:
        files: those that have any.
        codes: the code of all functions in these.
    """

    def __init__(self, modules: list[types.ModuleType], homes: Homes) -> None:
        self._homes = homes
        self._at: dict[tuple[str, int], list[NamedAccess]] = {}
        self.codes: list[CodeType] = []
        for function, cls in functions_of(modules):
            imported: dict[str, Any] = {}
            for code in nested_code(function.__code__):
                self._search(code, function, cls, imported)
        self.files: Collection[str] = frozenset(file for file, _ in self._at)
        self.codes = [code for code in self.codes if code.co_filename in self.files]

    def _search(self, code: CodeType, function: types.FunctionType, cls: type | None, imported: dict[str, Any]) -> None:
        self.codes.append(code)
        self_name = function.__code__.co_varnames[0] if cls is not None and function.__code__.co_argcount else None
        before: Named | None = None
        for step in named(code, function, cls, imported):
            naming = self._naming(step, before, function.__globals__, self_name)
            if naming is not None:
                self._at.setdefault((code.co_filename, step.line), []).append(naming)
            before = step

    def _naming(
        self, step: Named, before: Named | None, shared: dict[str, Any], self_name: str | None
    ) -> NamedAccess | None:
        operation, name = step.instruction.opname, step.instruction.argval
        if operation == "LOAD_GLOBAL" or operation in _GLOBAL_STORES:
            attribute = self._homes.of_module(shared, name)
            return attribute and NamedAccess(attribute, operation != "LOAD_GLOBAL")
        if before is None or operation not in (*_LOADS, *_STORES) or _is_self(before.instruction, self_name):
            return None
        attribute = self._homes.of_holder(before.value, name)
        return attribute and NamedAccess(attribute, operation in _STORES)

    def at(self, file: str, line: int) -> Iterable[NamedAccess]:
        """What this line does."""
        return self._at.get((file, line), ())


def _is_self(instruction: dis.Instruction, name: str | None) -> bool:
    """Whether it loads the object of which a method runs: hooks show what is read of that."""
    return instruction.opname.startswith("LOAD_FAST") and instruction.argval == name


class RunningLines(Follower):
    """Counts what the lines do that run in one job; see `enforcer.blame.lines.Follower`.

    Args:
        lines: those that count.
        count: told of each.

    Attributes:
        trouble: why none could be counted, if so.
    """

    def __init__(self, lines: NamedLines, count: Callable[[NamedAccess, FrameType], None]) -> None:
        self.files = lines.files
        self.trouble: str | None = None
        self._lines = lines
        self._count = count

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what runs in the time of the block, in this thread and in those that it starts."""
        if not self.files:
            yield
            return
        events = line_events(self, lambda: self._lines.codes)
        self.trouble = events.start(None)
        try:
            yield
        finally:
            events.stop()

    def step(self, frame: FrameType) -> None:
        """See `Follower`."""
        for naming in self._lines.at(frame.f_code.co_filename, frame.f_lineno):
            self._count(naming, frame)
