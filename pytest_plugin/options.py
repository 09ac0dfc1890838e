"""Options and ini values, and the settings that they come to. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_plugin import table

if TYPE_CHECKING:
    from enforcer.settings.option_table import Option
    from enforcer.settings.settings import ReportTarget, Settings

TOLD = "enforcement_settings"
"""Where a worker of pytest-xdist finds the settings: another directory, or another machine, has other files."""


def add_options(parser: pytest.Parser) -> None:
    """Add everything that can be chosen; what a value may be is checked where it is used."""
    group = parser.getgroup("enforcer", "enforced BuildStream builds")
    for option in table.options():
        if "pytest" in option.places:
            group.addoption(option.pytest_name, help=option.help_in_pytest, **_as_option(option))
        if "ini" in option.places:
            parser.addini(option.ini_name, option.help_in_ini, **_as_ini(option))


def _as_option(option: Option) -> dict[str, Any]:
    if option.kind == "flag":
        return {"action": "store_true", "default": None}
    action = "append" if option.kind in ("reports", "min_jobs") else "store"
    return {"action": action, "metavar": option.pytest_metavar or option.metavar}


def _as_ini(option: Option) -> dict[str, Any]:
    if option.kind == "reports":
        return {"type": "linelist", "default": []}
    return {"type": "bool" if option.kind == "flag" else "string", "default": None}


def mode_text(config: pytest.Config) -> str | None:
    """The mode as the user wrote it, on the command line or in the ini file."""
    return config.getoption("enforce") or ini(config, "enforce") or None


def is_asked_for(config: pytest.Config) -> bool:
    """Whether there is anything to enforce."""
    return _told(config) is not None or mode_text(config) not in (None, "off")


def _told(config: pytest.Config) -> dict[str, Any] | None:
    """The settings that the controller of this worker has made of its own options and files."""
    told: dict[str, Any] | None = getattr(config, "workerinput", {}).get(TOLD)
    return told


def prepare_backend(early_config: pytest.Config) -> None:
    """Set what gRPC has to find when it is imported, which a conftest may do: the backend can need it.

    Taken back at the end of the run. A wrong value is told later, where all are.
    """
    given = early_config.known_args_namespace
    if (given.enforce or ini(early_config, "enforce") or "off") == "off":
        return
    from enforcer.errors import UsageError
    from enforcer.processes.available import FORK_SUPPORT, enable_fork_support
    from enforcer.settings.pyproject import table_values

    backend = given.enforce_backend or ini(early_config, "enforce_backend")
    if not backend:
        try:
            backend = table_values(early_config.rootpath).get("backend", "threads")
        except UsageError:
            return
    before = os.environ.get(FORK_SUPPORT)
    was_set = enable_fork_support(backend)
    if was_set is not None:
        early_config.stash[_was_set_key] = was_set
        early_config.add_cleanup(lambda: _set_variable(FORK_SUPPORT, before))


def what_was_set(config: pytest.Config) -> str | None:
    """What `prepare_backend` has set, as a user may read it."""
    return config.stash.get(_was_set_key, None)


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


_was_set_key = pytest.StashKey[str]()


def ini(config: pytest.Config, name: str) -> Any:
    """An ini value; a value of the wrong type is a usage error whatever the version of pytest."""
    try:
        return config.getini(name)
    except (TypeError, ValueError, pytest.UsageError) as error:
        raise pytest.UsageError(f"ini value {name}: {error}") from None


def refuse_what_needs_enforcement(config: pytest.Config) -> None:
    """Without enforcement, an option that would do nothing is a mistake, not a quiet success.

    An explicit `--enforce=off` is none: it is there to switch everything off.
    """
    for project in (arg for arg in config.args if is_project(arg)):
        raise pytest.UsageError(
            f"{project}: a project.conf is built and checked only with --enforce=strict (or softer)"
        )
    if mode_text(config) is None:
        for option in table.options():
            if "pytest" in option.places and option.kind != "mode" and config.getoption(option.ini_name) is not None:
                raise pytest.UsageError(f"{option.pytest_name} does nothing without --enforce=strict (or softer)")


def is_project(arg: str) -> bool:
    """Whether a command-line argument names a `project.conf` or a target of one."""
    return os.path.basename(arg.partition("::")[0]) == "project.conf"


def settings(config: pytest.Config) -> Settings:
    """The settings of this run: command line first, then ini, then the `[tool.enforcer]` table; a worker is told.

    Raises:
        pytest.UsageError: a value is wrong; the sentence says which, and what there is.
    """
    from enforcer.errors import UsageError
    from enforcer.rules.registry import check_allowed
    from enforcer.settings.plain import settings_from_plain
    from enforcer.settings.pyproject import table_values
    from enforcer.settings.settings import Settings

    if (told := _told(config)) is not None:
        return settings_from_plain(told)
    try:
        # The table's mode is the command's default: it does not switch a test run over, so one is always given.
        changes = {**table_values(config.rootpath), **_given(config)}
        check_allowed(changes.get("allow", ()))
        return _with_baseline(config, Settings(**{**changes, "baseline": None}), changes.get("baseline"))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def _given(config: pytest.Config) -> dict[str, Any]:
    """What command line and ini file say of each field of the settings, but of the baseline."""
    from enforcer.settings.texts import value_of

    rows = (option for option in table.options() if option.is_setting and option.kind != "baseline")
    given = {option.name: value_of(option, raw) for option in rows if (raw := _raw(config, option)) is not None}
    if "reports" in given:
        given["reports"] = _targets(config, given["reports"])
    return given


def _raw(config: pytest.Config, option: Option) -> Any:
    """What is given on the command line, else in the ini file; None where nothing is."""
    raw = config.getoption(option.ini_name) if "pytest" in option.places else None
    if not raw and "ini" in option.places:
        raw = ini(config, option.ini_name)
    # Of an ini value that is not there, pytest makes None, an empty text or an empty list.
    return raw if raw or raw is False else None


def _with_baseline(config: pytest.Config, settings: Settings, in_table: Path | None) -> Settings:
    """The settings with the baseline read; where it is updated, it need not exist and nothing fails for a finding."""
    from enforcer.settings.baseline import load_baseline

    start = config.invocation_params.dir
    path = _baseline_path(config) or in_table
    if path is None:
        if settings.update_baseline:
            raise pytest.UsageError(
                "--enforce-update-baseline has no file to update: give --enforce-baseline=FILE, "
                "or set enforce_baseline, or baseline in [tool.enforcer] of pyproject.toml"
            )
        return settings
    settings = settings.with_(baseline=load_baseline(path, start, may_be_missing=settings.update_baseline))
    if not settings.update_baseline or settings.baseline is None:
        return settings
    if not config.option.collectonly:
        settings.baseline.check_writable()
    return settings.with_(collect=True)


def _baseline_path(config: pytest.Config) -> Path | None:
    if given := config.getoption("enforce_baseline"):
        return Path(config.invocation_params.dir, given)
    if given := ini(config, "enforce_baseline"):
        directory = config.rootpath if config.inipath is None else config.inipath.parent
        return Path(directory, given)
    return None


def _targets(config: pytest.Config, reports: tuple[ReportTarget, ...]) -> tuple[ReportTarget, ...]:
    """The report files, checked now: a long run must not end without one."""
    from enforcer.reports.write import check_targets

    # A test that leaves the process in another directory must not move the file.
    start = config.invocation_params.dir
    targets = tuple(replace(target, path=start / target.path) for target in reports)
    if not config.option.collectonly:
        check_targets(targets)
    return targets
