"""The options of `enforcer run` are those that the table has for it, and each steers the run."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from enforcer.cli import main
from enforcer.cli.baseline import prune_, update
from enforcer.cli.run import run
from enforcer.settings.option_table import OPTIONS, Option, options_in
from tests.cli.conftest import FakeBst
from tests.settings.samples import prepare, sample, value

ROWS = options_in("command")


def words(option: Option) -> list[str]:
    return [option.command_name] if option.kind == "flag" else [option.command_name, str(sample(option))]


@pytest.mark.parametrize(("command", "more"), [(run, []), (update, ["--from"]), (prune_, ["--from"])])
def test_a_command_that_runs_bst_has_the_options_of_the_table_in_its_order(
    command: click.Command, more: list[str]
) -> None:
    options = [name for each in command.params if isinstance(each, click.Option) for name in each.opts]
    assert options == more + [name for option in ROWS for name in option.command_names]


@pytest.mark.parametrize("option", [row for row in ROWS if row.is_setting], ids=lambda option: option.name)
def test_an_option_is_its_setting_and_no_other(bst: FakeBst, option: Option) -> None:
    prepare(Path.cwd())
    main(["run", "build"])
    usual = bst.settings
    main(["run", *words(option), "build"])
    assert usual is not None
    assert bst.settings == usual.with_(**{option.name: value(option, Path())})
    assert bst.settings != usual


@pytest.mark.parametrize("option", [row for row in OPTIONS if "command" not in row.places], ids=lambda row: row.name)
def test_an_option_that_is_not_for_the_command_is_refused(
    bst: FakeBst, capsys: pytest.CaptureFixture[str], option: Option
) -> None:
    assert main(["run", *words(option), "build"]) == 2
    assert "No such option" in capsys.readouterr().err
    assert bst.events == []


@pytest.mark.parametrize("option", [row for row in ROWS if "{default}" in row.help], ids=lambda option: option.name)
def test_the_help_tells_the_default_that_a_run_has(bst: FakeBst, option: Option) -> None:
    main(["run", "build"])
    default = getattr(bst.settings, option.name)
    [param] = [each for each in run.params if each.name == option.name]
    assert isinstance(param, click.Option)
    assert f"(default: {getattr(default, 'value', default)})" in (param.help or "")
