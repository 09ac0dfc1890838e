"""`enforcer explain`: print the page of a rule."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

import enforcer
from enforcer.errors import EnforcerError
from enforcer.rules.registry import all_rules, get_rule


@click.command()
@click.argument("rule", required=False, metavar="[RULE]")
def explain(rule: str | None) -> None:
    """Print the page of RULE: a bad example, its message, the fix; without RULE, list the rules."""
    if rule is None:
        width = max(len(each.id) for each in all_rules())
        for each in all_rules():
            click.echo(f"{each.id:<{width}}  a job {each.title}")
        return
    click.echo(rule_page(get_rule(rule).id), nl=False)


def rule_page(rule_id: str) -> str:
    """The page `docs/rules/<id>.md`, from the installed package or from the checkout."""
    name = f"{rule_id}.md"
    installed = resources.files("enforcer.rules").joinpath("pages").joinpath(name)
    checkout = Path(enforcer.__file__).parents[1] / "docs" / "rules" / name
    for page in (installed, checkout):
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise EnforcerError(f"the page of rule {rule_id!r} is missing from this installation: install it again")
