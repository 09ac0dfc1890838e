"""The site is built without a warning, has every page, and its pages load nothing from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from enforcer.rules.entry_points import BUILT_IN

pytest.importorskip("mkdocs")
pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    # As `make docs` does. Not with --quiet, under which --strict counts nothing.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(site)]
    # What the theme says of the future of mkdocs is no warning about these pages.
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    directory = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("INFO")] == []
    return directory


def entries(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
        return
    for each in nav.values() if isinstance(nav, dict) else nav:
        yield from entries(each)


NAV = list(entries(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))


def test_every_page_is_in_the_navigation_once() -> None:
    pages = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))
    brought_in = {"about.md", "changes.md", "contributing.md", "samples.md"}
    assert sorted(set(NAV) - brought_in) == pages
    assert len(set(NAV)) == len(NAV)


def test_every_rule_is_in_the_navigation_and_in_the_table_of_what_arises_where() -> None:
    assert [entry for entry in NAV if entry.startswith("rules/")] == [f"rules/{rule}.md" for rule in BUILT_IN]
    table = (DOCS / "known-limits.md").read_text(encoding="utf-8").partition("## Which rule arises where")[2]
    assert sorted(re.findall(r"`([a-z-]+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M)))) == sorted(BUILT_IN)


class Loads(HTMLParser):
    """What a browser fetches by itself to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.classes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.classes |= set(values.get("class", "").split())
        if tag == "link" and values.get("rel") != "canonical":
            self.addresses.append(values.get("href", ""))
        self.addresses += [values[name] for name in ("src", "srcset", "poster", "data") if name in values]


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(NAV)
    loads = Loads()
    for page in pages:
        loads.feed(page.read_text(encoding="utf-8"))
    styles = [style.read_text(encoding="utf-8") for style in site.rglob("*.css")]
    imported = [address for text in styles for address in re.findall(r"(?:url\(|@import )\s*['\"]?([^'\")]+)", text)]
    assert [each for each in loads.addresses + imported if re.match(r"(?:https?:)?//", each)] == []
    # The theme's script would fetch what draws these.
    assert "mermaid" not in loads.classes


def test_the_schema_and_the_pages_from_outside_of_docs_are_there(site: Path) -> None:
    assert (site / "report-1.json").read_text() == (ROOT / "enforcer/reports/schema/report-1.json").read_text()
    about = (site / "about.html").read_text(encoding="utf-8")
    assert 'href="rules/foreign-write.html"' in about
    assert "sample_projects" not in re.findall(r'href="([^"]*)"', about)


def test_what_leads_nowhere_stops_the_build(tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "sample_projects", "enforcer"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "docs" / "forgotten.md").write_text("# Forgotten\n")
    with open(tmp_path / "docs" / "README.md", "a", encoding="utf-8") as page:
        page.write("\n[a](gone.md) [b](options.md#gone) [c](../lost.md)\n")
    done = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert done.returncode == 1
    for complaint in (
        'not included in the "nav" configuration:\n  - forgotten.md',
        "'gone.md', but the target is not found",
        "'options.md#gone', but the doc 'options.md' does not contain an anchor '#gone'",
        "'lost.md', but the target is not found",
    ):
        assert complaint in done.stdout + done.stderr
