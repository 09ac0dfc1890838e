"""`enforcer run`: run `bst` enforced, report, and exit by what was found."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from enforcer.cli.options import BST_COMMAND, run_options, settings_from
from enforcer.cli.printing import fit_for, print_report
from enforcer.embedding.activation import activate
from enforcer.errors import EnforcerError, UsageError
from enforcer.fresh_caches import fresh_caches
from enforcer.reports.cost import cost_line
from enforcer.reports.last_page import page_line
from enforcer.reports.value import Report, build_report
from enforcer.reports.write import check_targets, write_reports
from enforcer.results.record import Record
from enforcer.session import Session
from enforcer.settings.min_jobs import shortfalls
from enforcer.settings.option_table import Option, options_in
from enforcer.settings.settings import Mode, Settings

NEW_VIOLATION = 1


@click.command(context_settings=BST_COMMAND, options_metavar="[OPTIONS] [--]")
@run_options
def run(bst_args: tuple[str, ...], **options: Any) -> int:
    """Run `bst BST-ARGS...` and check every job.

    Options of this command come first; from the first other word on, or after `--`, everything
    is for bst. Exit status: 1 for a new violation, 2 for wrong usage, 3 if the enforcer could not
    look, else that of bst.
    """
    settings = settings_from(options, Path.cwd())
    refuse_no_words(bst_args)
    if settings.mode is Mode.OFF:
        usual = " and the caches are the usual ones" if settings.fresh else ""
        click.echo(f"enforcer: enforcement is off: nothing is checked, no report is written{usual}", err=True)
        return _run_bst(bst_args)
    words = command_words("run", bst_args, options)
    record, _, bst_status = run_enforced(bst_args, settings, words, verbose=bool(options["verbose"]))
    return exit_status(record, settings, bst_status)


def refuse_no_words(bst_args: Sequence[str]) -> None:
    """Raise `UsageError` where nothing is said that bst shall do."""
    if not bst_args:
        raise UsageError("there is nothing to run: write what bst shall do, e.g. enforcer run build app.bst")


def exit_status(record: Record, settings: Settings, bst_status: int) -> int:
    """What the command exits with: a new violation is certain, so it wins over all else.

    Where bst failed by itself, that too few jobs were checked is no news.
    """
    if settings.fails_run and any(finding.fails for finding in record.findings):
        return NEW_VIOLATION
    if record.errors or (bst_status == 0 and shortfalls(settings.min_jobs, record)):
        return EnforcerError.exit_code
    return bst_status


def run_enforced(
    bst_args: Sequence[str],
    settings: Settings,
    command: Sequence[str],
    conclude: Callable[[Record], str | None] = lambda record: None,
    *,
    verbose: bool,
) -> tuple[Record, Report, int]:
    """Run bst, print and write the report; returns what was seen, the report and bst's exit status.

    Args:
        bst_args: the words for bst.
        settings: what the run is asked to do.
        command: the words that run the same again.
        conclude: called with the record before it is reported; its sentence is printed after the report.
        verbose: whether the report says more of what could not be looked at.
    """
    check_targets(settings.reports)
    with fresh_caches(settings.fresh) as caches:
        session = Session(settings, caches)
        bst_status = _watched(bst_args, session)
    record = session.take()
    _note_end(record, bst_status)
    sentence = conclude(record)
    report = build_report(record, settings, command)
    sys.stdout.flush()
    cost = cost_line(record.costs, settings.backend)
    sentences = [*filter(None, (cost, sentence)), *shortfalls(settings.min_jobs, record)]
    print_report(report, sys.stderr, *sentences, verbose=verbose)
    for line in write_reports(report, settings.reports):
        click.echo(line, err=True)
    if (page := page_line(report, settings, Path.cwd())) is not None:
        click.echo(fit_for(sys.stderr, page), err=True)
    _write_costs(record)
    return record, report, bst_status


def _note_end(record: Record, bst_status: int) -> None:
    """What bst's end says of what was not checked; where it failed before any job, its own words are the message."""
    if bst_status != 0:
        said = f"bst ended with exit status {bst_status}"
        record.incomplete_reasons.add(said)
        record.not_due.add(said)
    elif not record.elements:  # no scheduler has run: `show`, `workspace open`, `--help`
        record.not_due.add("bst was not asked to run any")


def _watched(bst_args: Sequence[str], session: Session) -> int:
    activation = activate(session)
    try:
        with _live_count(session):
            return _run_bst(bst_args)
    finally:
        activation.close()


def _write_costs(record: Record) -> None:
    """For benchmarks: what enforcement itself took, in the file that `ENFORCER_COSTS` names."""
    path = os.environ.get("ENFORCER_COSTS")
    if path:
        Path(path).write_text(json.dumps(record.costs, sort_keys=True), encoding="utf-8")


def _run_bst(bst_args: Sequence[str]) -> int:
    from enforcer.bst.command import run_bst

    return run_bst(bst_args)


def _live_count(session: Session) -> AbstractContextManager[None]:
    from enforcer.bst.live_count import live_count

    return live_count(session)


def command_words(command: str, bst_args: Sequence[str], options: dict[str, Any]) -> list[str]:
    """The words that run the same again; what only reports is left out, it changes nothing."""
    words = ["enforcer", *command.split()]
    reporting = ("reports", "no_html")
    steering = (option for option in options_in("command") if option.is_setting and option.name not in reporting)
    given = [option for option in steering if options[option.name]]
    words += [word for each in given if each.kind != "flag" for word in _told(each, options[each.name])]
    words += [each.command_name for each in given if each.kind == "flag"]
    return [*words, "--", *bst_args]


def _told(option: Option, value: Any) -> list[str]:
    """The words that give the option this value."""
    values = value if option.kind == "min_jobs" else [value]
    return [word for each in values for word in (option.command_name, str(each))]
