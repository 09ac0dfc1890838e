"""The command group, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import click

from enforcer import __version__
from enforcer.cli.access import print_access
from enforcer.cli.baseline import baseline
from enforcer.cli.doctor import doctor
from enforcer.cli.explain import explain
from enforcer.cli.report import report
from enforcer.cli.run import run
from enforcer.errors import EnforcerError, UsageError

WRONG_USAGE = UsageError.exit_code


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="enforcer")
def cli() -> None:
    """Check that no BuildStream job changes anything but the element that it runs for."""


cli.add_command(run)
cli.add_command(baseline)
cli.add_command(report)
cli.add_command(print_access)
cli.add_command(explain)
cli.add_command(doctor)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command with `args` (by default the process's own) and return its exit status."""
    words = list(sys.argv[1:] if args is None else args)
    try:
        return _invoke(words)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        if isinstance(error, click.NoSuchOption):
            click.echo("Options of bst go after --, e.g. enforcer run -- --on-error continue build app.bst", err=True)
        return WRONG_USAGE
    except EnforcerError as error:
        click.echo(f"enforcer: {error}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 130
    except Exception:
        traceback.print_exc()
        click.echo("enforcer: this is a failure of the enforcer itself; please report it", err=True)
        return EnforcerError.exit_code


def _invoke(words: list[str]) -> int:
    # Not `cli.main()`: once BuildStream is imported, that is BuildStream's, with its completion and its exit codes.
    if not words:
        with click.Context(cli, info_name="enforcer") as context:
            click.echo(cli.get_help(context), err=True)
        return WRONG_USAGE
    with cli.make_context("enforcer", words) as context:
        status = cli.invoke(context)
    return status if isinstance(status, int) else 0
