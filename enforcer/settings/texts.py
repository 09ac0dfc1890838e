"""What somebody wrote on a command line or in an ini file, read as the values of options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from enforcer.errors import UsageError
from enforcer.settings.min_jobs import MinJobs
from enforcer.settings.option_table import Option, OptionKind
from enforcer.settings.settings import Mode, ReportTarget, parse_choice


def value_of(option: Option, given: Any) -> Any:
    """The value of `option`, a field of `Settings`; of the baseline, its path.

    Args:
        option: a row of the table.
        given: a text; a list of texts for what may be repeated; what is already a number, a path or a flag may be.

    Raises:
        UsageError: the text is wrong; the sentence says what there is.
    """
    return _READ[option.kind](option, given)


def _number(option: Option, given: object) -> int:
    text = str(given)
    if not text.strip().isdecimal() or int(text) < option.least:
        name = option.ini_name.replace("_", "-")
        raise UsageError(f"{name} is {text!r}: a whole number from {option.least} on is needed")
    return int(text)


def _min_jobs(option: Option, given: str | Sequence[str]) -> tuple[MinJobs, ...]:
    texts = [given] if isinstance(given, str) else given
    name = option.name.replace("_", "-")
    return tuple(MinJobs.parse(name, each, option.choices) for text in texts for each in text.split(","))


def _baseline(option: Option, given: str | Path) -> Path:
    if not given:
        raise UsageError(f"{option.name} names no file")
    return Path(given)


_READ: Mapping[OptionKind, Callable[[Option, Any], Any]] = {
    "mode": lambda option, text: Mode.parse(text),
    "choice": parse_choice,
    "flag": lambda option, flag: flag,
    "number": _number,
    "min_jobs": _min_jobs,
    "reports": lambda option, texts: tuple(map(ReportTarget.parse, texts)),
    "baseline": _baseline,
}
