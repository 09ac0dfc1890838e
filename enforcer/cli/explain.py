"""`enforcer explain`: print the page of a rule."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click

import enforcer
from enforcer.errors import EnforcerError
from enforcer.rules.entry_points import Registered
from enforcer.rules.registry import get_rule, registered


@click.command()
@click.argument("rule", required=False, metavar="[RULE]")
def explain(rule: str | None) -> None:
    """Print the page of RULE: a bad example, its message, the fix; without RULE, list the rules."""
    if rule is None:
        _print("\n".join(_list()))
        return
    found = registered()[get_rule(rule).id]
    page = rule_page(rule) if found.is_built_in else _page_of(found)
    _print(page.rstrip("\n"))


def _print(text: str) -> None:
    try:
        click.echo(text)
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _list() -> Iterator[str]:
    width = max(map(len, registered()))
    for rule_id, each in registered().items():
        origin = "" if each.is_built_in else f" (of {each.distribution})"
        yield f"{rule_id:<{width}}  a job {each.rule.title}{origin}"


def rule_page(rule_id: str) -> str:
    """The page `docs/rules/<id>.md` of a built-in rule, from the installed package or from the checkout."""
    name = f"{rule_id}.md"
    installed = resources.files("enforcer.rules").joinpath("pages").joinpath(name)
    checkout = Path(enforcer.__file__).parents[1] / "docs" / "rules" / name
    for page in (installed, checkout):
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise EnforcerError(f"the page of rule {rule_id!r} is missing from this installation: install it again")


def _page_of(found: Registered) -> str:
    """The page that another distribution gives its rule, or what is known without one."""
    rule = found.rule
    try:
        page = getattr(rule, "page", None)
    except Exception as error:
        raise EnforcerError(f"the rule {rule.id!r} of {found.distribution} cannot show its page: {error!r}") from error
    if isinstance(page, str):
        return page
    return f"# {rule.id}\n\nBroken when a job {rule.title}. A rule of {found.distribution}, which gives it no page.\n"
