"""Every rule has a page, and the command prints it."""

from pathlib import Path

import pytest

from enforcer.cli import main
from enforcer.cli.explain import rule_page
from enforcer.rules.registry import all_rules

RULES = [rule.id for rule in all_rules()]
PAGES = Path(__file__).parents[2] / "docs" / "rules"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_page_with_everything_that_its_reader_needs(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rule]) == 0
    page = capsys.readouterr().out
    assert page == rule_page(rule)
    assert page.startswith(f"# {rule}\n")
    for part in (
        "## A plugin that breaks it",
        "## Its message",
        "## Why it matters",
        "## The fix",
        "## When to allow it",
    ):
        assert part in page
    assert page.isascii()


def test_there_is_no_page_without_a_rule() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} <= set(RULES)


def test_without_a_rule_the_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == RULES


def test_an_unknown_rule_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "foreign-rwite"]) == 2
    assert "unknown rule 'foreign-rwite': choose one of foreign-write, " in capsys.readouterr().err
