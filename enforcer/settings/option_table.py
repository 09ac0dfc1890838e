"""The table of options: what can be chosen is written here, once, and reaches every place from here.

It imports nothing but the standard library, and little of that: the pytest plugin reads this file in every test run
(`pytest_plugin/table.py`), also where nothing is enforced and `enforcer` must not be imported. PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

MODES = ("off", "soft", "discard", "strict")
BACKENDS = ("threads", "fork", "pool")
BLAMES = ("live", "full", "rerun", "touch", "off")
"""How the line of a write is found: as its job runs, whatever that costs, by another run too, only where it was
obtained, or not at all."""

ACTIONS = ("Build", "Cache-query", "Fetch", "Pull", "Push", "Src-push", "Track")
"""What BuildStream's scheduler calls its queues."""

REPORT_FORMATS = ("json", "html", "sarif", "github", "markdown", "junit")

OptionKind = Literal["mode", "choice", "flag", "number", "min_jobs", "reports", "baseline", "allow", "file"]
"""What a value is. Each place says what it makes of a kind, and none says it of an option.

A file is a path that is read where it is used; a baseline is read when the settings are made.
"""

OptionPlace = Literal["command", "pytest", "ini", "table", "processes"]
"""Where an option may be given: to `enforcer run`, on pytest's command line, in pytest's ini file, in the table
[tool.enforcer] of pyproject.toml. "processes" are given it by the one that the user started."""

_EVERYWHERE: tuple[OptionPlace, ...] = ("command", "pytest", "ini", "table", "processes")

_METAVARS: Mapping[OptionKind, str] = {
    "mode": "MODE",
    "choice": "NAME",
    "number": "N",
    "min_jobs": "[ACTION=]N",
    "reports": "FORMAT:PATH",
    "baseline": "FILE",
}


class Option(NamedTuple):
    """One option, with the names that it has in each place.

    Attributes:
        name: its field of `Settings`, and its key in the table.
        help: what it does; `{choices}` stands for the choices, `{default}` for the default, if there is one to tell.
        word: what it is called on command lines and in the ini file where that is not `name`.
        choices: the values, or formats, that there are.
        offer: how an error introduces the choices.
        least: of a number, the least that it may be.
        pytest_help: what it does, where that is not the same under pytest.
        pytest_metavar: stands for its value there, where the kind is too little to say.
        ini_note: what is to be known of the ini value beside that it is the default of pytest's option.
        is_setting: whether it is a field of `Settings`.
        short: its name of one letter on the command line of `enforcer run`, if it has one.
    """

    name: str
    kind: OptionKind
    places: tuple[OptionPlace, ...]
    help: str
    word: str = ""
    choices: tuple[str, ...] = ()
    offer: str = "choose one of"
    least: int = 0
    pytest_help: str = ""
    pytest_metavar: str = ""
    ini_note: str = ""
    is_setting: bool = True
    short: str = ""

    @property
    def command_name(self) -> str:
        """The option of `enforcer run`."""
        return "--" + (self.word or self.name).replace("_", "-")

    @property
    def command_names(self) -> list[str]:
        """All that it is called there."""
        return [self.short, self.command_name] if self.short else [self.command_name]

    @property
    def pytest_name(self) -> str:
        """The option of pytest; that which says the mode is the one that switches enforcement on."""
        return "--enforce" if self.kind == "mode" else "--enforce-" + (self.word or self.name).replace("_", "-")

    @property
    def ini_name(self) -> str:
        """The ini value, and the attribute of pytest's parsed command line."""
        return self.pytest_name[2:].replace("-", "_")

    @property
    def metavar(self) -> str | None:
        """What stands for a value in the help; None where there is none to give."""
        return _METAVARS.get(self.kind)

    def command_help(self, default: str | None) -> str:
        """The help of the option of `enforcer run`."""
        return self._with_choices(self.help, default)

    @property
    def help_in_pytest(self) -> str:
        """The help of pytest's option."""
        return self._with_choices(self.pytest_help or self.help)

    @property
    def help_in_ini(self) -> str:
        """The help of the ini value."""
        if "pytest" in self.places:
            return self._with_choices(f"Default of {self.pytest_name}{self.ini_note}.")
        return self._with_choices(self.help)

    def _with_choices(self, text: str, default: str | None = None) -> str:
        told = "" if default is None else f" (default: {default})"
        return text.format(choices=", ".join(self.choices), default=told)


OPTIONS = (
    Option(
        "mode",
        "mode",
        _EVERYWHERE,
        "{choices}{default}.",
        choices=MODES,
        pytest_help="Watch every real BuildStream build: a job may change only its own element.",
        pytest_metavar="strict|soft|discard|off",
        ini_note=": {choices}",
    ),
    Option(
        "backend",
        "choice",
        _EVERYWHERE,
        "How jobs run: {choices}{default}.",
        choices=BACKENDS,
        offer="this version has",
    ),
    Option(
        "workers",
        "number",
        ("command", "ini", "table", "processes"),
        "At most so many worker processes at once.",
        least=1,
    ),
    Option(
        "worker_jobs",
        "number",
        ("ini", "table", "processes"),
        "How many jobs a worker process runs before a fresh one takes its place.",
        least=1,
    ),
    # Reports are written by the process that the user started, and by no other.
    Option(
        "reports",
        "reports",
        ("command", "pytest", "ini"),
        "Also write the report to PATH; FORMAT: {choices}. May be repeated.",
        word="report",
        choices=REPORT_FORMATS,
        ini_note=", one FORMAT:PATH a line",
    ),
    Option(
        "no_html",
        "flag",
        ("command", "pytest", "ini", "table"),
        "Write no HTML page where a run fails and none was asked for; on CI there is none anyway.",
    ),
    Option("blame", "choice", _EVERYWHERE, "How the line of a write is found: {choices}{default}.", choices=BLAMES),
    Option(
        "baseline",
        "baseline",
        _EVERYWHERE,
        "What this file lists is known: it is reported and fails nothing.",
        ini_note=", relative to the directory of this file",
    ),
    # The command has `enforcer baseline update` for it.
    Option(
        "update_baseline",
        "flag",
        ("pytest", "ini", "processes"),
        "Add to the baseline what is found; no build or test fails for it.",
    ),
    Option(
        "collect",
        "flag",
        _EVERYWHERE,
        "Fail no job; exit 1 in the end if anything was found.",
        pytest_help="Let builds go on after a finding, so that all are found; they still fail their tests.",
    ),
    Option(
        "coverage",
        "flag",
        _EVERYWHERE,
        "Report which lines and methods of plugins ran in checked jobs, and which never did.",
    ),
    Option(
        "access",
        "flag",
        _EVERYWHERE,
        "Record which job reads and writes which attribute of whose, and what the main thread does between jobs.",
    ),
    Option(
        "fresh",
        "flag",
        _EVERYWHERE,
        "Build with empty caches of its own, so that every job runs; they are removed at the end.",
        pytest_help="Build with empty caches, one set a test, so that every job runs; they are removed.",
    ),
    # Only who has seen all tests knows how many jobs were checked.
    Option(
        "min_jobs",
        "min_jobs",
        ("command", "pytest", "ini", "table"),
        "Fail the run when fewer jobs than this, or of this action, were checked; ACTION: {choices}. May be repeated.",
        choices=ACTIONS,
        ini_note=", several with commas between them",
    ),
    # pytest has its own.
    Option(
        "verbose",
        "flag",
        ("command",),
        "Say more at the end: all that cannot be seen into, by type.",
        is_setting=False,
        short="-v",
    ),
    Option("allow", "allow", ("table", "processes"), "Findings that are fine, each with its reason."),
    Option(
        "bst_config",
        "file",
        ("ini",),
        "BuildStream user configuration for builds of a collected project.conf; by default an empty one with a "
        "cache directory of its own.",
        is_setting=False,
    ),
)


def options_in(place: OptionPlace) -> tuple[Option, ...]:
    """The options that may be given in this place."""
    return tuple(option for option in OPTIONS if place in option.places)


def option_named(name: str) -> Option:
    """The option of this name; `KeyError` when there is none."""
    return {option.name: option for option in OPTIONS}[name]
