"""Code on the pages is code. What needs no plugin around it is run, too: `test_api` and `test_own_rules`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^(?P<indent> *)```python\n(?P<code>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)


def snippets() -> Iterator[tuple[str, str]]:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for number, block in enumerate(_BLOCK.finditer(page.read_text(encoding="utf-8")), 1):
            yield f"{page.relative_to(ROOT)}-{number}", dedent(block["code"])


FOUND = dict(snippets())


def test_the_search_finds_snippets() -> None:
    assert {"docs/api.md-1", "docs/own-rules.md-2", "docs/rules/process-local-lock.md-2"} <= set(FOUND)


@pytest.mark.parametrize("place", FOUND)
def test_python_reads_the_snippet(place: str) -> None:
    ast.parse(FOUND[place])
