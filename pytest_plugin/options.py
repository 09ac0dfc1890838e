"""Options and ini values, and the settings that they come to. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from enforcer.settings.settings import ReportTarget, Settings

MODES = ("strict", "soft", "discard", "off")
_ONLY_ENFORCED = (
    *("--enforce-backend", "--enforce-report", "--enforce-collect", "--enforce-blame", "--enforce-min-jobs"),
    *("--enforce-baseline", "--enforce-update-baseline", "--enforce-coverage", "--enforce-fresh"),
)

TOLD = "enforcement_settings"
"""Where a worker of pytest-xdist finds the settings: another directory, or another machine, has other files."""


def add(parser: pytest.Parser) -> None:
    """Add everything that can be chosen; what a value may be is checked where it is used."""
    group = parser.getgroup("enforcer", "enforced BuildStream builds")
    group.addoption(
        "--enforce",
        metavar="|".join(MODES),
        help="Watch every real BuildStream build: a job may change only its own element.",
    )
    group.addoption("--enforce-backend", metavar="NAME", help="How enforced jobs run: threads, fork or pool.")
    group.addoption(
        "--enforce-report",
        metavar="FORMAT:PATH",
        action="append",
        help="Write a report file; may be given more than once.",
    )
    group.addoption(
        "--enforce-collect",
        action="store_true",
        default=None,
        help="Let builds go on after a finding, so that all are found; they still fail their tests.",
    )
    group.addoption(
        "--enforce-fresh",
        action="store_true",
        default=None,
        help="Build with empty caches, one set a test, so that every job runs; they are removed.",
    )
    group.addoption(
        "--enforce-baseline", metavar="FILE", help="What this file lists is known: it is reported and fails nothing."
    )
    group.addoption(
        "--enforce-update-baseline",
        action="store_true",
        default=None,
        help="Add to the baseline what is found; no build or test fails for it.",
    )
    group.addoption(
        "--enforce-blame", metavar="NAME", help="How the line of a write is found: live, rerun, touch or off."
    )
    group.addoption(
        "--enforce-coverage",
        action="store_true",
        default=None,
        help="Report which lines and methods of plugins ran in checked jobs, and which never did.",
    )
    group.addoption("--enforce-min-jobs", metavar="N", help="Fail the run when fewer jobs than this were checked.")
    parser.addini("enforce", f"Default of --enforce: {', '.join(MODES)}.", type="string", default=None)
    parser.addini("enforce_backend", "Default of --enforce-backend.", type="string", default=None)
    parser.addini("enforce_report", "Default of --enforce-report, one FORMAT:PATH a line.", type="linelist", default=[])
    parser.addini("enforce_collect", "Default of --enforce-collect.", type="bool", default=None)
    parser.addini("enforce_fresh", "Default of --enforce-fresh.", type="bool", default=None)
    parser.addini(
        "enforce_baseline",
        "Default of --enforce-baseline, relative to the directory of this file.",
        type="string",
        default=None,
    )
    parser.addini("enforce_update_baseline", "Default of --enforce-update-baseline.", type="bool", default=None)
    parser.addini("enforce_blame", "Default of --enforce-blame.", type="string", default=None)
    parser.addini("enforce_coverage", "Default of --enforce-coverage.", type="bool", default=None)
    parser.addini("enforce_min_jobs", "Default of --enforce-min-jobs.", type="string", default=None)
    parser.addini("enforce_workers", "At most so many worker processes at once.", type="string", default=None)
    parser.addini(
        "enforce_worker_jobs",
        "How many jobs a worker process runs before a fresh one takes its place.",
        type="string",
        default=None,
    )
    parser.addini(
        "enforce_bst_config",
        "BuildStream user configuration for builds of a collected project.conf; by default an empty one with a "
        "cache directory of its own.",
        type="string",
        default=None,
    )


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
        for option in _ONLY_ENFORCED:
            if config.getoption(option[2:].replace("-", "_")) is not None:
                raise pytest.UsageError(f"{option} does nothing without --enforce=strict (or softer)")


def is_project(arg: str) -> bool:
    """Whether a command-line argument names a `project.conf` or a target of one."""
    return os.path.basename(arg.partition("::")[0]) == "project.conf"


def settings(config: pytest.Config) -> Settings:
    """The settings of this run: command line first, then ini, then the `[tool.enforcer]` table; a worker is told.

    Raises:
        pytest.UsageError: a value is wrong; the sentence says which, and what there is.
    """
    from enforcer.errors import UsageError
    from enforcer.settings.plain import settings_from_plain
    from enforcer.settings.pyproject import table_values
    from enforcer.settings.settings import Mode, Settings, parse_backend, parse_blame

    if (told := _told(config)) is not None:
        return settings_from_plain(told)
    try:
        # The table's mode is the command's default: it does not switch a test run over.
        changes = {**table_values(config.rootpath), "mode": Mode.parse(mode_text(config) or "")}
        if backend := config.getoption("enforce_backend") or ini(config, "enforce_backend"):
            changes["backend"] = parse_backend(backend)
        if blame := config.getoption("enforce_blame") or ini(config, "enforce_blame"):
            changes["blame"] = parse_blame(blame)
        if reports := config.getoption("enforce_report") or ini(config, "enforce_report"):
            changes["reports"] = _targets(config, reports)
        for field in ("collect", "update_baseline", "coverage", "fresh"):
            flag = config.getoption(f"enforce_{field}") or ini(config, f"enforce_{field}")
            if isinstance(flag, bool):
                changes[field] = flag
        for field, least in _NUMBERS.items():
            if (number := _number(config, f"enforce_{field}", least)) is not None:
                changes[field] = number
        return _with_baseline(config, Settings(**{**changes, "baseline": None}), changes.get("baseline"))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


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


_NUMBERS = {"min_jobs": 0, "workers": 1, "worker_jobs": 1}
"""Fields of the settings that are numbers, each with the least that it may be."""


def _number(config: pytest.Config, name: str, least: int) -> int | None:
    text = config.getoption(name, None) or ini(config, name)
    if not text:
        return None
    if not str(text).strip().isdecimal() or int(text) < least:
        raise pytest.UsageError(f"{name.replace('_', '-')} is {text!r}: a whole number from {least} on is needed")
    return int(text)


def _targets(config: pytest.Config, texts: list[str]) -> tuple[ReportTarget, ...]:
    """The report files, checked now: a long run must not end without one."""
    from enforcer.reports.write import check_targets
    from enforcer.settings.settings import ReportTarget

    # A test that leaves the process in another directory must not move the file.
    start = config.invocation_params.dir
    parsed = (ReportTarget.parse(text) for text in texts)
    targets = tuple(ReportTarget(target.format, start / target.path) for target in parsed)
    if not config.option.collectonly:
        check_targets(targets)
    return targets
