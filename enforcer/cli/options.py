"""The options of every command that runs `bst`, and the settings that they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from enforcer.rules.registry import check_allowed
from enforcer.settings.baseline import Baseline, load_baseline
from enforcer.settings.option_table import Option, OptionKind, options_in
from enforcer.settings.pyproject import table_values
from enforcer.settings.settings import Mode, Settings, run_backend
from enforcer.settings.texts import value_of

BST_COMMAND = {"allow_interspersed_args": False}
"""Context settings of a command whose words, from the first that is no option on, are for bst."""

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OF_KIND: Mapping[OptionKind, Callable[[Option], dict[str, Any]]] = {
    "mode": lambda option: {},
    "choice": lambda option: {},
    "flag": lambda option: {"is_flag": True, "default": None},
    "number": lambda option: {"type": click.IntRange(min=option.least)},
    "reports": lambda option: {"multiple": True},
    "min_jobs": lambda option: {"multiple": True},
    "baseline": lambda option: {"type": click.Path(path_type=Path)},
}


def run_options(command: _Command) -> _Command:
    """Decorate a command with the options of `enforcer run`, and with the words for bst."""
    command = click.argument("bst_args", nargs=-1, type=click.UNPROCESSED, metavar="BST-ARGS...")(command)
    for option in reversed(options_in("command")):
        command = _click_option(option)(command)
    return command


def _click_option(option: Option) -> Callable[[_Command], _Command]:
    text = option.command_help(_default(option) if option.kind in ("mode", "choice") else None)
    names = (*option.command_names, option.name)
    return click.option(*names, metavar=option.metavar, help=text, **_OF_KIND[option.kind](option))


def _default(option: Option) -> str:
    """What a choice is unless told otherwise."""
    value = {"backend": run_backend()}.get(option.name) or getattr(Settings, option.name)
    return str(getattr(value, "value", value))


def settings_from(options: dict[str, Any], directory: Path, *, update: bool = False) -> Settings:
    """The settings of one run: command line over table over defaults.

    Args:
        options: the values of `run_options`.
        directory: where relative paths start.
        update: whether the run is to update its baseline, which then need not exist.
    """
    given = {
        option.name: value_of(option, value)
        for option in options_in("command")
        # Of what may be repeated, nothing is an empty tuple.
        if option.is_setting and (value := options[option.name]) not in (None, ())
    }
    values = {"backend": run_backend(), **table_values(directory), **given}
    path = values.pop("baseline", None)
    settings = Settings(**values)
    check_allowed(settings.allow)
    if path is None or settings.mode is Mode.OFF:
        return settings
    return settings.with_(baseline=load_baseline(path, directory, may_be_missing=update))


def named_baseline(path: Path | None, directory: Path, *, may_be_missing: bool = False) -> Baseline | None:
    """The baseline that the command line names, else the table, for a command that runs nothing."""
    if path is None:
        path = table_values(directory).get("baseline")
    return None if path is None else load_baseline(path, directory, may_be_missing)
