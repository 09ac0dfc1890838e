"""The options of every command that runs `bst`, and the settings that they come to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from enforcer.rules.registry import get_rule
from enforcer.settings.baseline import Baseline, load_baseline
from enforcer.settings.pyproject import table_values
from enforcer.settings.settings import (
    BACKENDS,
    BLAMES,
    REPORT_FORMATS,
    Mode,
    ReportTarget,
    Settings,
    parse_backend,
    parse_blame,
    run_backend,
)

BST_COMMAND = {"allow_interspersed_args": False}
"""Context settings of a command whose words, from the first that is no option on, are for bst."""

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--mode", metavar="MODE", help=f"{', '.join(mode.value for mode in Mode)} (default: strict)."),
    click.option("--backend", metavar="NAME", help=f"How jobs run: {', '.join(BACKENDS)} (default: {run_backend()})."),
    click.option(
        "--workers", type=click.IntRange(min=1), metavar="N", help="At most so many worker processes at once."
    ),
    click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT:PATH",
        help=f"Also write the report to PATH; FORMAT: {', '.join(REPORT_FORMATS)}. May be repeated.",
    ),
    click.option(
        "--blame", metavar="NAME", help=f"How the line of a write is found: {', '.join(BLAMES)} (default: live)."
    ),
    click.option(
        "--coverage", is_flag=True, default=None, help="Report which lines and methods of plugins checked jobs ran."
    ),
    click.option(
        "--baseline",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="What this file lists is known and fails nothing.",
    ),
    click.option("--collect", is_flag=True, default=None, help="Fail no job; exit 1 in the end if anything was found."),
    click.option(
        "--fresh",
        is_flag=True,
        default=None,
        help="Build with empty caches of its own, so that every job runs; they are removed at the end.",
    ),
    click.argument("bst_args", nargs=-1, type=click.UNPROCESSED, metavar="BST-ARGS..."),
)


def run_options(command: _Command) -> _Command:
    """Decorate a command with the options of `enforcer run`, and with the words for bst."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_from(options: dict[str, Any], directory: Path, *, update: bool = False) -> Settings:
    """The settings of one run: command line over table over defaults.

    Args:
        options: the values of `run_options`.
        directory: where relative paths start.
        update: whether the run is to update its baseline, which then need not exist.
    """
    given: dict[str, Any] = {}
    if options["mode"] is not None:
        given["mode"] = Mode.parse(options["mode"])
    if options["backend"] is not None:
        given["backend"] = parse_backend(options["backend"])
    if options["blame"] is not None:
        given["blame"] = parse_blame(options["blame"])
    for name in ("workers", "collect", "coverage", "fresh", "baseline"):
        if options[name] is not None:
            given[name] = options[name]
    given["reports"] = tuple(map(ReportTarget.parse, options["reports"]))
    values = {"backend": run_backend(), **table_values(directory), **given}
    path = values.pop("baseline", None)
    settings = Settings(**values)
    for entry in settings.allow:
        get_rule(entry.rule)
    if path is None or settings.mode is Mode.OFF:
        return settings
    return settings.with_(baseline=load_baseline(path, directory, may_be_missing=update))


def named_baseline(path: Path | None, directory: Path, *, may_be_missing: bool = False) -> Baseline | None:
    """The baseline that the command line names, else the table, for a command that runs nothing."""
    if path is None:
        path = table_values(directory).get("baseline")
    return None if path is None else load_baseline(path, directory, may_be_missing)
