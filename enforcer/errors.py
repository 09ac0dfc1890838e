"""Errors and warnings of our own: one small tree, each with the exit code that it ends a command with."""

from __future__ import annotations


class EnforcerError(Exception):
    """Something kept us from looking. Never raised for a finding: findings are values.

    The text says what happened, to which object, and what to do next.
    """

    exit_code = 3


class UsageError(EnforcerError):
    """The user asked for something that does not exist or cannot be done: an option, a mode, a file."""

    exit_code = 2


class UnsupportedError(EnforcerError):
    """The installed BuildStream, Python or system lacks something that enforcement needs; the text names it."""


class EnforcementWarning(UserWarning):
    """A finding that fails nothing: its mode lets the build go on, or its rule only warns."""
