"""Whatever can be chosen stands in docs/options.md, under every name that it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from enforcer.cli.main import cli
from enforcer.settings.pyproject import _PARSERS
from enforcer.settings.settings import BACKENDS, BLAMES, REPORT_FORMATS, Mode
from pytest_plugin import marking, options

PAGE = (Path(__file__).parents[2] / "docs" / "options.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
SETTINGS = [row for row in ROWS if len(row) == 5]


class Recorder:
    """Stands in for pytest's parser and notes the names."""

    def __init__(self) -> None:
        self.options: list[str] = []
        self.ini: list[str] = []

    def getgroup(self, *_: str) -> Recorder:
        return self

    def addoption(self, name: str, **_: Any) -> None:
        self.options.append(name)

    def addini(self, name: str, *_: str, **__: Any) -> None:
        self.ini.append(name)


def commands(command: click.Command = cli, words: str = "enforcer") -> Iterator[tuple[str, click.Command]]:
    """Each command with the words that call it."""
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from commands(each, f"{words} {name}")
    else:
        yield words, command


COMMANDS = dict(commands())
RECORDER = Recorder()
options.add(RECORDER)  # type: ignore[arg-type]


def column(index: int) -> set[str]:
    return {row[index].strip("()`") for row in SETTINGS[1:]} - {""}


def of_click(words: str) -> set[str]:
    return {name for each in COMMANDS[words].params if isinstance(each, click.Option) for name in each.opts}


def test_the_table_has_exactly_the_options_of_enforcer_run() -> None:
    assert {name for name in column(0) if name.startswith("--")} == of_click("enforcer run")


def test_the_table_has_exactly_the_options_and_ini_values_of_pytest() -> None:
    assert column(1) == set(RECORDER.options)
    assert column(2) == set(RECORDER.ini)


def test_the_table_has_exactly_the_keys_of_pyproject_toml() -> None:
    assert column(3) == set(_PARSERS)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_and_its_other_options_are_there(words: str) -> None:
    assert f"| `{words}" in PAGE
    for name in of_click(words) - of_click("enforcer run"):
        assert f"`{name}" in PAGE


@pytest.mark.parametrize(
    "name", [*(mode.value for mode in Mode), *BACKENDS, *BLAMES, *REPORT_FORMATS, *marking._KEYWORDS]
)
def test_each_value_is_there(name: str) -> None:
    assert f"`{name}`" in PAGE
