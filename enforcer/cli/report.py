"""`enforcer report`: JSON reports of earlier runs, merged and in any format."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from enforcer.cli.printing import print_report
from enforcer.reports.merge import merge_reports
from enforcer.reports.read import read_report
from enforcer.reports.write import check_targets, write_reports
from enforcer.settings.settings import REPORT_FORMATS, ReportTarget


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="REPORT...", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "targets",
    multiple=True,
    metavar="FORMAT:PATH",
    help=f"Write the report to PATH; FORMAT: {', '.join(REPORT_FORMATS)}. May be repeated.",
)
def report(sources: tuple[Path, ...], targets: tuple[str, ...]) -> int:
    """Convert JSON reports, several of them merged into one; without --to, print it.

    Exit status: 0, whatever the reports say; 2 for wrong usage, 3 if a file could not be written.
    """
    parsed = [ReportTarget.parse(text) for text in targets]
    check_targets(parsed)
    merged = merge_reports([read_report(path) for path in sources])
    if not parsed:
        print_report(merged, sys.stdout)
    for line in write_reports(merged, parsed):
        click.echo(line, err=True)
    return 0
