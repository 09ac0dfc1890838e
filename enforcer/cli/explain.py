"""`enforcer explain`: print the page of a rule."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from enforcer.cli.printing import fit_for
from enforcer.rules.pages import page_of
from enforcer.rules.registry import get_rule, registered


@click.command()
@click.argument("rule", required=False, metavar="[RULE]")
def explain(rule: str | None) -> None:
    """Print the page of RULE: a bad example, its message, the fix; without RULE, list the rules."""
    if rule is None:
        _print("\n".join(_list()))
        return
    _print(page_of(registered()[get_rule(rule).id]).rstrip("\n"))


def _print(text: str) -> None:
    try:
        click.echo(fit_for(sys.stdout, text))
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _list() -> Iterator[str]:
    width = max(map(len, registered()))
    for rule_id, each in registered().items():
        origin = "" if each.is_built_in else f" (of {each.distribution})"
        yield f"{rule_id:<{width}}  a job {each.rule.title}{origin}"
