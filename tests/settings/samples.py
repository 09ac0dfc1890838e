"""For every option a value that is not its default: as it is written in each place, and what it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from enforcer.settings.baseline import load_baseline
from enforcer.settings.option_table import Option
from enforcer.settings.settings import AllowEntry, MinJobs, Mode, ReportTarget, Settings

_ENTRY = {"entry": "foreign-write a.bst x", "reason": "why"}


def default_of(option: Option) -> Any:
    return getattr(Settings(), option.name)


def sample(option: Option) -> Any:
    """What is written: a text or a number, True, or the one allow entry. A baseline has to be there, see `prepare`."""
    match option.kind:
        case "mode":
            return "soft"
        case "choice":
            # Neither what the command prefers (pool) nor what needs another option (rerun).
            return [choice for choice in option.choices if choice != default_of(option)][-2:][0]
        case "flag":
            return True
        case "number":
            return option.least + 2
        case "min_jobs":
            return f"{option.choices[0]}=2"
        case "reports":
            return f"{option.choices[0]}:report"
        case "baseline" | "file":
            return "known.txt"
        case "allow":
            return [_ENTRY]


def prepare(directory: Path) -> None:
    """Make what samples name in `directory`."""
    (directory / "known.txt").write_text("foreign-write my_kind element environment[*]\n")


def value(option: Option, directory: Path) -> Any:
    """The field of `Settings` that the sample comes to in `directory`."""
    written = sample(option)
    match option.kind:
        case "mode":
            return Mode(written)
        case "reports":
            return (ReportTarget(option.choices[0], directory / "report"),)
        case "baseline":
            return load_baseline(Path(written), directory)
        case "min_jobs":
            return (MinJobs(2, option.choices[0]),)
        case "allow":
            return (AllowEntry.parse(_ENTRY["entry"], _ENTRY["reason"]),)
        case _:
            return written
