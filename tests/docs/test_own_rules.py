"""The rule on the page is the one of the sample package, which other tests install and run."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sample_projects" / "rule_author"
PAGE = (ROOT / "docs" / "own-rules.md").read_text(encoding="utf-8")


def test_the_code_on_the_page_stands_in_the_package() -> None:
    files = "".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.glob("*.*")))
    blocks = re.findall(r"^```(?:python|toml)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    assert [block for block in blocks if block not in files] == []
