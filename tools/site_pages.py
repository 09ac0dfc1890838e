"""Hooks of mkdocs: what the site shows from outside of `docs/`, and links that work there as on a code host."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

BROUGHT_IN = {
    "README.md": "about.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "sample_projects/README.md": "samples.md",
    "enforcer/reports/schema/report-1.json": "report-1.json",
}
"""Files of the repository, and where the site has them."""

_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and files from outside of `docs/`."""
    for path, target in BROUGHT_IN.items():
        files.append(File.generated(config, target, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Point links to where the site has what they lead to; what it has not stays as text."""
    parts = _FENCED.split(markdown)
    parts[::2] = [_LINK.sub(lambda link: _relinked(link, page.file.src_uri), part) for part in parts[::2]]
    return "".join(parts)


def _relinked(link: re.Match[str], page: str) -> str:
    if "://" in link["target"]:
        return link[0]
    source = next((path for path, target in BROUGHT_IN.items() if target == page), f"docs/{page}")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link["target"]))
    target = _on_site(path)
    if target is None:
        return link["text"]
    shown = posixpath.relpath(target, posixpath.dirname(page) or ".")
    return f"[{link['text']}]({shown}{link['anchor'] or ''})"


def _on_site(path: str) -> str | None:
    """Where the site has this path of the repository; a path below `docs/` is left to mkdocs to judge."""
    if path == "docs/rules":  # a folder, which a code host lists
        return "about.md#what-it-checks"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if not (ROOT / path).exists():
        return path
    return BROUGHT_IN.get(path)
