"""`enforcer baseline`: write down what is known, and forget what is found no more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from enforcer.cli.options import BST_COMMAND, named_baseline, run_options, settings_from
from enforcer.cli.run import command_words, exit_status, refuse_no_words, run_enforced
from enforcer.errors import EnforcerError, UsageError
from enforcer.reports.read import read_report
from enforcer.reports.value import Report
from enforcer.settings.baseline import Baseline, Entry, add, learn, prune
from enforcer.settings.option_table import options_in
from enforcer.settings.settings import Mode, Settings

_FROM = click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="REPORT",
    type=click.Path(path_type=Path),
    help="Run nothing, but read this JSON report, e.g. of pytest. May be repeated.",
)
_METAVAR = "[OPTIONS] [--]"


@click.group()
def baseline() -> None:
    """Keep the file of known findings, which fail nothing."""


@baseline.command(context_settings=BST_COMMAND, options_metavar=_METAVAR)
@_FROM
@run_options
def update(bst_args: tuple[str, ...], sources: tuple[Path, ...], **options: Any) -> int:
    """Run `bst BST-ARGS...`, and add what is found to the baseline.

    Nothing fails for what is found, and nothing is removed. What is allowed is not added. Exit
    status: 2 for wrong usage, 3 if the enforcer could not look, else that of bst.
    """
    if sources:
        known, told = _read(sources, bst_args, options, may_be_missing=True)
        known.check_writable()
        click.echo(add(known, [entry for report in told.values() for entry in _entries(report)]))
        return 0
    refuse_no_words(bst_args)
    settings, known = _settings(options, update=True)
    settings = settings.with_(collect=True, update_baseline=True)
    words = command_words("baseline update", bst_args, options)
    record, _, bst_status = run_enforced(
        bst_args, settings, words, lambda record: learn(known, record.findings), verbose=bool(options["verbose"])
    )
    return exit_status(record, settings, bst_status)


@baseline.command("prune", context_settings=BST_COMMAND, options_metavar=_METAVAR)
@_FROM
@run_options
def prune_(bst_args: tuple[str, ...], sources: tuple[Path, ...], **options: Any) -> int:
    """Run `bst BST-ARGS...`, and remove from the baseline what is found no more.

    Only a full run can tell: nothing is removed when elements were cached, when a job was not
    checked or when bst failed. Exit status: as of `enforcer run --collect`, and 3 where nothing
    could be removed for that reason.
    """
    if sources:
        known, told = _read(sources, bst_args, options)
        _refuse_partial(known, [f"{path}: {why}" for path, report in told.items() for why in report.partial])
        known.check_writable()
        click.echo(prune(known, [entry for report in told.values() for entry in _entries(report)]))
        return 0
    refuse_no_words(bst_args)
    settings, known = _settings(options, update=False)
    settings = settings.with_(collect=True)
    words = command_words("baseline prune", bst_args, options)
    record, report, bst_status = run_enforced(bst_args, settings, words, verbose=bool(options["verbose"]))
    _refuse_partial(known, report.partial)
    needed = (Entry.of(finding) for finding in record.findings if finding.allowed is None)
    click.echo(prune(known, needed), err=True)
    return exit_status(record, settings, bst_status)


def _settings(options: dict[str, Any], *, update: bool) -> tuple[Settings, Baseline]:
    settings = settings_from(options, Path.cwd(), update=update)
    if settings.mode is Mode.OFF:
        raise UsageError("with mode off nothing is found: choose another mode to update or prune a baseline")
    if settings.baseline is None:
        raise _no_baseline()
    settings.baseline.check_writable()
    return settings, settings.baseline


def _no_baseline() -> UsageError:
    return UsageError(
        "no baseline is named: give --baseline FILE, or set baseline in [tool.enforcer] of pyproject.toml"
    )


def _read(
    sources: Iterable[Path], bst_args: tuple[str, ...], options: dict[str, Any], *, may_be_missing: bool = False
) -> tuple[Baseline, dict[Path, Report]]:
    others = [each.command_name for each in options_in("command") if each.kind != "baseline" and options[each.name]]
    if bst_args or others:
        useless = " ".join([*others, *bst_args])
        raise UsageError(f"--from runs nothing, so that {useless} would do nothing: leave one of them out")
    known = named_baseline(options["baseline"], Path.cwd(), may_be_missing=may_be_missing)
    if known is None:
        raise _no_baseline()
    return known, {path: _whole_report(path) for path in sources}


def _whole_report(path: Path) -> Report:
    report = read_report(path)
    if report.omitted_groups:
        raise EnforcerError(
            f"{str(path)!r} leaves out {report.omitted_groups} groups of findings, as there are so many: "
            "update or prune the baseline in the run itself, without --from"
        )
    return report


def _entries(report: Report) -> list[Entry]:
    """What a baseline needs to list so that all findings of the report are known, but those that are allowed."""
    violations = [violation for group in report.groups for violation in group.violations]
    return [Entry.parse(each.baseline_line) for each in violations if each.finding.allowed is None]


def _refuse_partial(known: Baseline, reasons: Iterable[str]) -> None:
    """Raise `EnforcerError` where not everything was looked at: what was not found may still be there."""
    if reasons := list(reasons):
        raise EnforcerError(f"nothing is removed from {known.name}, as this was not a full run: {'; '.join(reasons)}")
