"""Every sentence of an error stands in docs/messages.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from enforcer.settings.option_table import OPTIONS, Option, options_in

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {"UsageError", "UnsupportedError", "EnforcerError", "ProcessFailed", "ConflictError"}
RETURNING = {"_obituary", "_hint", "why_not", "_why_unblamed", "_why_not", "start", "waits", "_waited"}
"""Functions whose texts become those of errors."""

PAGE = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
WORDS = re.sub(r"\W+", " ", PAGE)


def constant_parts(text: ast.expr) -> list[str]:
    """The parts of a text that are the same in every case, as words."""
    values = text.values if isinstance(text, ast.JoinedStr) else [text]
    return [" ".join(str(value.value).split()) for value in values if isinstance(value, ast.Constant)]


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", "") or getattr(function, "id", "")


def texts(tree: ast.Module) -> Iterator[ast.expr]:
    """What errors are made of, and what functions that word them return."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in ERRORS:
            yield from node.args[:1]
        if isinstance(node, ast.keyword) and node.arg == "unblamed":
            yield from (each for each in ast.walk(node.value) if isinstance(each, (ast.Constant, ast.JoinedStr)))
        if isinstance(node, ast.FunctionDef) and node.name in RETURNING:
            yield from (each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value)


def sentences() -> Iterator[tuple[str, str]]:
    for package in ("enforcer", "pytest_plugin"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
                longest = max(constant_parts(text), key=len, default="")
                if len(longest.split()) > 1:
                    yield f"{path.relative_to(ROOT)}:{text.lineno}", longest


FOUND = list(sentences())


def test_the_search_finds_sentences() -> None:
    assert len(FOUND) > 10


@pytest.mark.parametrize(("place", "sentence"), FOUND, ids=[place for place, _ in FOUND])
def test_the_sentence_is_documented(place: str, sentence: str) -> None:
    words = re.sub(r"\W+", " ", sentence).strip()
    is_documented = words in WORDS
    assert is_documented, f"{place} says {sentence!r}: add it to docs/messages.md"


def row(beginning: str) -> str:
    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| `{beginning}")]
    return line


@pytest.mark.parametrize("option", [row for row in OPTIONS if row.kind in ("mode", "choice")], ids=lambda row: row.name)
def test_what_a_wrong_choice_is_answered_with_is_documented(option: Option) -> None:
    offered = re.search(rf"unknown {option.name} [A-Z]+: {option.offer} (.*?)` \|", row(f"unknown {option.name} "))
    assert offered is not None
    assert offered[1] in ("...", ", ".join(option.choices))


def test_the_keys_of_the_table_are_listed_where_one_is_unknown() -> None:
    keys = re.findall(r"`(\w+)`", row("[tool.enforcer] in PATH: unknown key").split("|")[2])
    assert keys == [option.name for option in options_in("table")]


def test_the_numbers_are_listed_where_one_is_wrong() -> None:
    listed = re.findall(r"`([\w-]+)`", row("NAME is TEXT: a whole number").split("|")[2])
    numbers = [option for option in options_in("ini") if option.kind == "number"]
    assert listed == [option.pytest_name if "pytest" in option.places else option.ini_name for option in numbers]
