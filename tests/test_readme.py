"""The README shows what a run prints, and the demo shows what it promises."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def demo() -> "subprocess.CompletedProcess[str]":
    """`make demo`, once it is set up."""
    command = [sys.executable, str(ROOT / "sample_projects" / "demo.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.xdist_group("readme")
def test_the_demo_shows_a_clean_build_and_two_caught_violations(demo: "subprocess.CompletedProcess[str]") -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "enforcement strict on threads: clean" in demo.stdout
    assert demo.stdout.count("enforcement strict on threads: failed") == 2


@pytest.mark.xdist_group("readme")
def test_the_readme_shows_the_violation_that_the_demo_catches(demo: "subprocess.CompletedProcess[str]") -> None:
    [block] = re.findall(r"^```\n(enforcement .*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert textwrap.dedent(block) in "".join(line.removeprefix("  ") for line in demo.stdout.splitlines(keepends=True))


@pytest.mark.once
def test_every_link_of_the_documents_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sample_projects" / "README.md"]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
