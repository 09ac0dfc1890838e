"""The documents are true: what they show is what a run prints, and what they name is there."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sample_projects" / "README.md"]


def test_the_demo_shows_on_one_screen_what_it_promises_and_the_readme_shows_what_it_prints() -> None:
    command = [sys.executable, str(ROOT / "sample_projects" / "demo.py")]
    demo = subprocess.run(command, capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "enforcement strict on pool: clean" in demo.stdout
    assert demo.stdout.count("enforcement strict on pool: failed") == 1
    assert "FAILED tests/test_changelog.py::test_the_version_can_be_exported" in demo.stdout
    assert "1 failed, 6 passed" in demo.stdout
    # Beside what it prints, `make demo` says that it sets up.
    assert len(demo.stdout.splitlines()) <= 38

    printed = "".join(line.removeprefix("  ") for line in demo.stdout.splitlines(keepends=True))
    [block] = re.findall(r"^```\n(enforcement .*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block in printed


@pytest.mark.once
@pytest.mark.parametrize(("verbose", "shown"), [(False, "  start\n  end\n"), (True, "  before\n  start\n  end\n")])
def test_the_demo_shows_all_that_a_command_prints_if_asked(
    verbose: bool, shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "sample_projects")
    demo = importlib.import_module("demo").Demo(tmp_path, verbose)
    demo.show(tmp_path, None, "printf", "before\nstart\nend\n", start="start")
    assert shown in capsys.readouterr().out
    assert "before" in demo.show(tmp_path, None, "printf", "before")[1]


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
