"""Every sentence of an error stands in docs/messages.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {"UsageError", "UnsupportedError", "EnforcerError"}
PAGE = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
WORDS = re.sub(r"\W+", " ", PAGE)


def constant_parts(call: ast.Call) -> list[str]:
    """The parts of the error's text that are the same in every case, as words."""
    if not call.args:
        return []
    text = call.args[0]
    values = text.values if isinstance(text, ast.JoinedStr) else [text]
    return [" ".join(value.value.split()) for value in values if isinstance(value, ast.Constant)]


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", "") or getattr(function, "id", "")


def sentences() -> Iterator[tuple[str, str]]:
    for package in ("enforcer", "pytest_plugin"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in ERRORS:
                    longest = max(constant_parts(node), key=len, default="")
                    if len(longest.split()) > 1:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", longest


FOUND = list(sentences())


def test_the_search_finds_sentences() -> None:
    assert len(FOUND) > 10


@pytest.mark.parametrize(("place", "sentence"), FOUND, ids=[place for place, _ in FOUND])
def test_the_sentence_is_documented(place: str, sentence: str) -> None:
    words = re.sub(r"\W+", " ", sentence).strip()
    is_documented = words in WORDS
    assert is_documented, f"{place} says {sentence!r}: add it to docs/messages.md"
