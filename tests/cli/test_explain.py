"""Every rule has a page, and the command prints it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from enforcer.cli import main
from enforcer.results.findings import Finding
from enforcer.rules import registry
from enforcer.rules.entry_points import BUILT_IN, Registered
from enforcer.rules.evidence import Evidence
from enforcer.rules.pages import rule_page
from enforcer.rules.protocol import Rule

RULES = list(BUILT_IN)
explain = sys.modules["enforcer.cli.explain"]  # the name in the package is the command's
PAGES = Path(__file__).parents[2] / "docs" / "rules"


MODELS = (
    "* **Jobs are threads** (BuildStream 2; `threads`): ",
    "* **A process for each job** (BuildStream 1; `fork`): ",
    "* **Worker processes** (`pool`): ",
)


def sections(page: str) -> dict[str, str]:
    """The text below each heading; what stands before the first one is under the page's title."""
    parts = re.split(r"^##? (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_a_page_has_everything_that_its_reader_needs(rule: str) -> None:
    page = rule_page(rule)
    parts = sections(page)
    assert list(parts) == [
        *(rule, "A plugin that breaks it", "Its message", "Why it matters", "The fix", "When to allow it"),
    ]
    assert all(parts.values())
    assert parts[rule].startswith("A job ")
    assert "```python\n" in parts["A plugin that breaks it"]
    assert "```text\n" in parts["Its message"]
    assert [line[: len(model)] for line, model in zip(_items(parts["Why it matters"]), MODELS, strict=True)] == [
        *MODELS
    ]
    # What a terminal without UTF-8 can show, but for the dot of messages.
    assert page.replace("\N{MIDDLE DOT}", "").isascii()


def _items(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("* ")]


@pytest.mark.parametrize("rule", RULES)
def test_the_command_prints_the_page(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rule]) == 0
    assert capsys.readouterr().out == rule_page(rule)


class Pageless:
    """A rule of another distribution."""

    id, severity, title = "pageless", "error", "says nothing"

    def findings(self, evidence: Evidence) -> tuple[Finding, ...]:
        return ()


class Unreadable(Pageless):
    @property
    def page(self) -> str:
        raise FileNotFoundError("page.md")


@pytest.mark.parametrize(
    ("rule", "status", "said"),
    [
        (Pageless(), 0, "Broken when a job says nothing. A rule of acme-rules 1.0, which gives it no page.\n"),
        (Unreadable(), 3, "the rule 'pageless' of acme-rules 1.0 cannot show its page: FileNotFoundError('page.md')\n"),
    ],
)
def test_a_rule_of_another_distribution_without_a_page(
    rule: Rule, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = {**registry.registered(), rule.id: Registered(rule, "acme-rules 1.0")}
    for module in (registry, explain):
        monkeypatch.setattr(module, "registered", lambda: rules)
    assert main(["explain", rule.id]) == status
    assert "".join(capsys.readouterr()).endswith(said)


def test_each_rule_has_its_page_and_each_page_its_rule() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(RULES)


def test_without_a_rule_the_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()][: len(RULES)] == RULES


def test_an_unknown_rule_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "foreign-rwite"]) == 2
    assert (
        "unknown rule 'foreign-rwite': did you mean 'foreign-write'? choose one of foreign-write, "
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("words", [["explain"], ["explain", "foreign-write"]])
def test_a_reader_that_has_seen_enough_is_no_failure(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "enforcer", *words]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_is_printed_where_not_all_its_letters_can_be_shown() -> None:
    command = [sys.executable, "-m", "enforcer", "explain", "foreign-write"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"depends on base.bst \\xb7 enforcer explain" in done.stdout
