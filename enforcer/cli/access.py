"""`enforcer access`: who read and wrote what, out of JSON reports."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from enforcer.cli.printing import fit_for
from enforcer.errors import UsageError
from enforcer.reports.access_tables import SHOWN_LINES, Filter, access_lines
from enforcer.reports.merge import merge_reports
from enforcer.reports.read import read_report


@click.command("access")
@click.argument("sources", nargs=-1, required=True, metavar="REPORT...", type=click.Path(path_type=Path))
@click.option("--job", default="", metavar="NAME", help="Only jobs of this element, action or both: 'app.bst Build'.")
@click.option("--unit", default="", metavar="NAME", help="Only the state of this element, project, class or module.")
@click.option("--attribute", default="", metavar="NAME", help="Only this attribute, e.g. environment.")
@click.option("--plugin-code-only", is_flag=True, help="Leave out what BuildStream's core does by itself.")
@click.option("--all", "everything", is_flag=True, help=f"Print all lines, not the first {SHOWN_LINES} of each table.")
def print_access(
    sources: tuple[Path, ...], job: str, unit: str, attribute: str, plugin_code_only: bool, everything: bool
) -> int:
    """Print who read and wrote what: JSON reports of runs with --access, several of them merged.

    In NAME `*` stands for anything. Exit status: 0; 2 for wrong usage.
    """
    report = merge_reports([read_report(path) for path in sources])
    if not report.access:
        raise UsageError(
            f"no accesses are recorded in {', '.join(map(str, sources))}: run with --access (pytest: --enforce-access)"
        )
    asked = Filter(job, unit, attribute, plugin_code_only)
    lines = access_lines(report, asked, sys.maxsize if everything else SHOWN_LINES)
    if not lines:
        raise UsageError("none of the recorded accesses is one that was asked for")
    click.echo(fit_for(sys.stdout, "\n".join(lines)))
    return 0
