"""One row makes an option: it is a field of the settings, a key of the table, and data for another process.

`tests/cli/test_options.py` and `tests/pytest_plugin/test_options.py` show the same of the command and of pytest.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from enforcer.errors import UsageError
from enforcer.settings import option_table
from enforcer.settings.option_table import OPTIONS, Option, options_in
from enforcer.settings.plain import settings_from_plain, settings_to_plain
from enforcer.settings.pyproject import table_values
from enforcer.settings.settings import Mode, Settings
from tests.settings.samples import default_of, prepare, sample, value

SETTINGS = [option for option in OPTIONS if option.is_setting]


def names(options: object) -> list[str]:
    return [option.name for option in options]  # type: ignore[attr-defined]


def toml(written: Any) -> str:
    if isinstance(written, list):
        return f"[{', '.join(map(toml, written))}]"
    if isinstance(written, dict):
        return f"{{ {', '.join(f'{key} = {toml(each)}' for key, each in written.items())} }}"
    return json.dumps(written)


def test_the_fields_of_the_settings_are_the_options_of_the_table() -> None:
    assert {field.name for field in dataclasses.fields(Settings)} == set(names(SETTINGS))


def test_no_two_options_share_a_name() -> None:
    for each in (names(OPTIONS), [row.command_name for row in OPTIONS], [row.ini_name for row in OPTIONS]):
        assert len(set(each)) == len(each)


@pytest.mark.parametrize("option", SETTINGS, ids=names(SETTINGS))
def test_a_sample_is_not_the_default(option: Option, tmp_path: Path) -> None:
    prepare(tmp_path)
    assert value(option, tmp_path) != default_of(option)


def test_the_modes_of_the_table_are_those_that_there_are() -> None:
    assert tuple(mode.value for mode in Mode) == option_table.MODES


def test_the_actions_of_the_table_are_those_of_buildstreams_queues() -> None:
    queues = pytest.importorskip("buildstream._scheduler")
    found = {getattr(queues, name).action_name for name in vars(queues) if name.endswith("Queue")}
    assert tuple(sorted(found - {None})) == option_table.ACTIONS


@pytest.mark.parametrize("option", options_in("table"), ids=names(options_in("table")))
def test_a_key_of_the_table_is_its_setting(option: Option, tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "pyproject.toml").write_text(f"[tool.enforcer]\n{option.name} = {toml(sample(option))}\n")
    given = table_values(tmp_path)
    assert list(given) == [option.name]
    expected = value(option, tmp_path)
    assert given[option.name] == (expected.path if option.kind == "baseline" else expected)


@pytest.mark.parametrize("option", [row for row in OPTIONS if "table" not in row.places], ids=lambda row: row.name)
def test_an_option_that_is_not_for_the_table_is_an_unknown_key_there(option: Option, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.enforcer]\n{option.name} = {toml(sample(option))}\n")
    with pytest.raises(UsageError, match=f"unknown key '{option.name}': choose one of") as caught:
        table_values(tmp_path)
    assert str(caught.value).partition("choose one of ")[2].split(", ") == names(options_in("table"))


@pytest.mark.parametrize("option", SETTINGS, ids=names(SETTINGS))
def test_another_process_is_given_what_is_for_it_and_nothing_else(option: Option, tmp_path: Path) -> None:
    prepare(tmp_path)
    settings = Settings(backend="fork").with_(**{option.name: value(option, tmp_path)})
    plain = json.loads(json.dumps(settings_to_plain(settings)))
    assert list(plain) == names(options_in("processes"))
    arrived = settings_from_plain(plain)
    if "processes" in option.places:
        assert arrived == settings
    else:
        assert arrived == settings.with_(**{option.name: default_of(option)})


def test_choices_and_default_stand_in_the_help_where_there_are_any() -> None:
    row = Option("x", "choice", ("command", "ini"), "How: {choices}{default}.", choices=("a", "b"))
    assert row.command_help("b") == "How: a, b (default: b)."
    assert row.help_in_pytest == row.help_in_ini == "How: a, b."
    other = row._replace(
        places=("pytest", "ini"), pytest_help="Differently.", word="why_not", ini_note=", or {choices}"
    )
    assert other.help_in_pytest == "Differently."
    assert other.help_in_ini == "Default of --enforce-why-not, or a, b."
