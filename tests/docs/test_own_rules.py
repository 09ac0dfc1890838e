"""The rule on the page is the one of the sample package, which other tests install and run; and it is whole."""

import re
import subprocess
import sys
from pathlib import Path

import enforcer

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sample_projects" / "rule_author"
PAGE = (ROOT / "docs" / "own-rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:python|toml)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_code_on_the_page_stands_in_the_package() -> None:
    files = "".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.glob("*.*")))
    assert len(BLOCKS) == 3
    assert [block for block in BLOCKS if block not in files] == []


def test_what_is_copied_from_the_page_runs(tmp_path: Path) -> None:
    rule, _, test = BLOCKS
    (tmp_path / "acme_rules.py").write_text(rule, encoding="utf-8")
    (tmp_path / "test_acme_rules.py").write_text(test, encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{tmp_path}:{Path(enforcer.__file__).parents[1]}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
