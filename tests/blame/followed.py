"""Code whose lines are followed; tests count on its line numbers."""

from __future__ import annotations

from collections.abc import Callable


def two_steps(table: dict[str, int]) -> None:
    table["a"] = 1
    table["b"] = 2


def calls(table: dict[str, int]) -> None:
    two_steps(table)
    str(table)


def fails() -> None:
    raise KeyError


def yields() -> object:
    yield 1
    yield 2


def starts_another(start: Callable[[], None]) -> None:
    start()
    str(start)
