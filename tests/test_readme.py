"""The documents are true: what they show is what a run prints, and what they name is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sample_projects" / "README.md"]


def test_the_demo_shows_what_it_promises_and_the_readme_shows_what_the_demo_prints() -> None:
    command = [sys.executable, str(ROOT / "sample_projects" / "demo.py")]
    demo = subprocess.run(command, capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "enforcement strict on pool: clean" in demo.stdout
    for backend in ("pool", "threads"):
        assert demo.stdout.count(f"enforcement strict on {backend}: failed") == 1
    assert "1 failed, 6 passed" in demo.stdout

    printed = "".join(line.removeprefix("  ") for line in demo.stdout.splitlines(keepends=True))
    [block] = re.findall(r"^```\n(enforcement .*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block in printed


@pytest.mark.once
def test_every_link_of_the_documents_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.once
def test_every_module_that_the_documents_name_exists() -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("[a-z]*/**/*.py")}
    lost = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in (ROOT / "docs" / "how-it-works.md", ROOT / "docs" / "design-notes.md", ROOT / "CONTRIBUTING.md")
        for name in re.findall(r"`([\w/]+\.py)`", page.read_text())
        if not any(f"/{module}".endswith(f"/{name}") for module in modules)
    ]
    assert lost == []
