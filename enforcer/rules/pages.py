"""The pages of rules: what `enforcer explain` prints, and reports quote."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import enforcer
from enforcer.errors import EnforcerError
from enforcer.rules.entry_points import Registered
from enforcer.rules.registry import registered


def page_of(found: Registered) -> str:
    """The page of a rule, in Markdown."""
    return rule_page(found.rule.id) if found.is_built_in else _page_from_elsewhere(found)


def known_page(rule_id: str) -> str | None:
    """The same for an id in a report; None where no such rule is installed, or where it cannot show its page."""
    try:
        found = registered().get(rule_id)
        return None if found is None else page_of(found)
    except EnforcerError:
        return None


def rule_page(rule_id: str) -> str:
    """The page `docs/rules/<id>.md` of a built-in rule, from the installed package or from the checkout."""
    name = f"{rule_id}.md"
    installed = resources.files("enforcer.rules").joinpath("pages").joinpath(name)
    checkout = Path(enforcer.__file__).parents[1] / "docs" / "rules" / name
    for page in (installed, checkout):
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise EnforcerError(f"the page of rule {rule_id!r} is missing from this installation: install it again")


def _page_from_elsewhere(found: Registered) -> str:
    """The page that another distribution gives its rule, or what is known without one."""
    rule = found.rule
    try:
        page = getattr(rule, "page", None)
    except Exception as error:
        raise EnforcerError(f"the rule {rule.id!r} of {found.distribution} cannot show its page: {error!r}") from error
    if isinstance(page, str):
        return page
    return f"# {rule.id}\n\nBroken when a job {rule.title}. A rule of {found.distribution}, which gives it no page.\n"
