"""`enforcer run`: run `bst` enforced, report, and exit by what was found."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from enforcer.activation import activate
from enforcer.config import (
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
from enforcer.errors import EnforcerError, UsageError
from enforcer.record import Record
from enforcer.reports.terminal import terminal_report, wants_colour
from enforcer.reports.value import Report, build_report
from enforcer.reports.write import check_writable, write_reports
from enforcer.rules.registry import get_rule
from enforcer.session import Session
from enforcer.table import table_values

NEW_VIOLATION = 1
OUR_FAILURE = EnforcerError.exit_code


@click.command(context_settings={"allow_interspersed_args": False}, options_metavar="[OPTIONS] [--]")
@click.option("--mode", metavar="MODE", help=f"{', '.join(mode.value for mode in Mode)} (default: strict).")
@click.option("--backend", metavar="NAME", help=f"How jobs run: {', '.join(BACKENDS)} (default: {run_backend()}).")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="At most so many worker processes at once.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT:PATH",
    help=f"Also write the report to PATH; FORMAT: {', '.join(REPORT_FORMATS)}. May be repeated.",
)
@click.option("--blame", metavar="NAME", help=f"How the line of a write is found: {', '.join(BLAMES)} (default: live).")
@click.option("--collect", is_flag=True, default=None, help="Fail no job; exit 1 in the end if anything was found.")
@click.argument("bst_args", nargs=-1, type=click.UNPROCESSED, metavar="BST-ARGS...")
def run(bst_args: tuple[str, ...], **options: Any) -> int:
    """Run `bst BST-ARGS...` and check every job.

    Options of this command come first; from the first other word on, or after `--`, everything
    is for bst. Exit status: 1 for a new violation, 2 for wrong usage, 3 if the enforcer could not
    look, else that of bst.
    """
    settings = settings_from(options, Path.cwd())
    if not bst_args:
        raise UsageError("there is nothing to run: write what bst shall do, e.g. enforcer run build app.bst")
    if settings.mode is Mode.OFF:
        click.echo("enforcer: enforcement is off: nothing is checked and no report is written", err=True)
        return _run_bst(bst_args)
    return _run_enforced(bst_args, settings, _command(bst_args, options))


def settings_from(options: dict[str, Any], directory: Path) -> Settings:
    """The settings of one run: command line over table over defaults."""
    given: dict[str, Any] = {}
    if options["mode"] is not None:
        given["mode"] = Mode.parse(options["mode"])
    if options["backend"] is not None:
        given["backend"] = parse_backend(options["backend"])
    if options["blame"] is not None:
        given["blame"] = parse_blame(options["blame"])
    for name in ("workers", "collect"):
        if options[name] is not None:
            given[name] = options[name]
    given["reports"] = tuple(map(ReportTarget.parse, options["reports"]))
    settings = Settings(**{"backend": run_backend(), **table_values(directory), **given})
    for entry in settings.allow:
        get_rule(entry.rule)
    return settings


def exit_status(record: Record, settings: Settings, bst_status: int) -> int:
    """What the command exits with: a new violation is certain, so it wins over all else."""
    judged = settings.collect or settings.mode is Mode.STRICT
    if judged and any(finding.fails for finding in record.findings):
        return NEW_VIOLATION
    return OUR_FAILURE if record.errors else bst_status


def _run_enforced(bst_args: Sequence[str], settings: Settings, command: Sequence[str]) -> int:
    check_writable(settings.reports)
    session = Session(settings)
    activation = activate(session)
    try:
        bst_status = _run_bst(bst_args)
    finally:
        activation.close()
    record = session.take()
    report = build_report(record, settings, command)
    _print(report)
    write_reports(report, settings.reports)
    _write_costs(record)
    return exit_status(record, settings, bst_status)


def _write_costs(record: Record) -> None:
    """For benchmarks: what enforcement itself took, in the file that `ENFORCER_COSTS` names."""
    path = os.environ.get("ENFORCER_COSTS")
    if path:
        Path(path).write_text(json.dumps(record.costs, sort_keys=True), encoding="utf-8")


def _run_bst(bst_args: Sequence[str]) -> int:
    from enforcer.bst.frontend import run_bst

    return run_bst(bst_args)


def _command(bst_args: Sequence[str], options: dict[str, Any]) -> list[str]:
    """The words that run the same again; report files are left out, they change nothing."""
    words = ["enforcer", "run"]
    for name in ("mode", "backend", "workers", "blame"):
        if options[name] is not None:
            words += [f"--{name}", str(options[name])]
    return [*words, *(["--collect"] if options["collect"] else []), "--", *bst_args]


def _print(report: Report) -> None:
    stream = sys.stderr
    width = shutil.get_terminal_size().columns if stream.isatty() else None
    height = shutil.get_terminal_size((80, 50)).lines if stream.isatty() else 50
    lines = terminal_report(report, width=width, colour=wants_colour(stream), height=max(height - 2, 20))
    sys.stdout.flush()
    # A terminal that cannot show a name's letters must not cost the report.
    encoding = stream.encoding or "utf-8"
    text = "\n".join(["", *lines, ""]).encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)
    stream.flush()
