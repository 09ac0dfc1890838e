"""Run `bst` in this process, so that what is patched here is what it runs with."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from enforcer.errors import UnsupportedError


def run_bst(args: Sequence[str]) -> int:
    """Run `bst ARGS…` and return what a shell would see as its exit status.

    Raises:
        UnsupportedError: BuildStream's command line cannot be imported.
    """
    try:
        from buildstream._frontend import cli
    except ImportError as error:
        raise UnsupportedError(
            f"BuildStream's command line cannot be imported ({error}): install BuildStream beside the enforcer"
        ) from error
    hook = sys.excepthook
    try:
        return _status_of(cli, args)
    finally:
        # BuildStream leaves its own hook there, bound to a frontend that is gone by now.
        sys.excepthook = hook


def _status_of(cli: object, args: Sequence[str]) -> int:
    try:
        cli.main(args=list(args), prog_name="bst")  # type: ignore[attr-defined]
    except SystemExit as exit_:
        return shell_status(exit_.code)
    except KeyboardInterrupt:
        return 130
    except Exception:
        return _unhandled()
    return 0


def _unhandled() -> int:
    """End as an interpreter that ran only `bst` would: by the hook, which may choose a status of its own."""
    try:
        sys.excepthook(*sys.exc_info())
    except SystemExit as exit_:
        return shell_status(exit_.code)
    return 1


def shell_status(code: object) -> int:
    """The exit status of a process that raises `SystemExit(code)`; a text goes to standard error, as Python has it."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
