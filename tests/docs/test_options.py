"""Whatever can be chosen stands in docs/options.md, under every name that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from enforcer.cli.main import cli
from enforcer.settings.option_table import OPTIONS, Option
from pytest_plugin import marking

PAGE = (Path(__file__).parents[2] / "docs" / "options.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
SETTINGS = [row for row in ROWS if len(row) == 5]


def commands(command: click.Command = cli, words: str = "enforcer") -> Iterator[tuple[str, click.Command]]:
    """Each command with the words that call it."""
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from commands(each, f"{words} {name}")
    else:
        yield words, command


COMMANDS = dict(commands())


def of_click(words: str) -> set[str]:
    return {name for each in COMMANDS[words].params if isinstance(each, click.Option) for name in each.opts}


def names(option: Option) -> list[str]:
    """What the option is called in each place, in the order of the columns."""
    each = {
        "command": option.command_name,
        "pytest": option.pytest_name,
        "ini": option.ini_name,
        "table": option.name,
    }
    return [f"`{name}`" if place in option.places else "" for place, name in each.items()]


def test_the_page_has_a_row_for_each_option_with_all_its_names() -> None:
    # In brackets: a command that does the same.
    assert [[re.sub(r"^\(.*\)$", "", cell) for cell in row[:4]] for row in SETTINGS[1:]] == list(map(names, OPTIONS))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_and_its_other_options_are_there(words: str) -> None:
    assert f"| `{words}" in PAGE
    for name in of_click(words) - of_click("enforcer run"):
        assert f"`{name}" in PAGE


@pytest.mark.parametrize("name", [*(choice for option in OPTIONS for choice in option.choices), *marking._KEYWORDS])
def test_each_value_is_there(name: str) -> None:
    assert f"`{name}`" in PAGE
