"""The messages on the pages come from real runs: `python -m tests.docs.pages` writes them anew.

`docs/json.md` has `python -m tests.docs.json_page`.

A page says which sample gives its message in a comment before the block:
`<!-- output: SAMPLE: BST-ARGS -->`.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from tests.preloaded import programs

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs" / "rules").glob("*.md")), ROOT / "docs" / "plugin-authors.md"]

_BLOCK = re.compile(r"<!-- output: (?P<sample>\w+): (?P<args>[^\n]*) -->\n\n```text\n(?P<message>.*?)```\n", re.DOTALL)


def shown_message(page: Path) -> str:
    """The message that the page shows."""
    return _block(page.read_text(encoding="utf-8"))["message"]


def true_message(page: Path, directory: Path) -> str:
    """The first message about the rule whose message the page shows, from a run of its sample in `directory`."""
    block = _block(page.read_text(encoding="utf-8"))
    # The samples have their own runner: copies, a cache of their own, an environment without the user's.
    sys.path.insert(0, str(ROOT / "sample_projects"))
    try:
        import harness  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    project = harness.copy_sample(block["sample"], directory)
    environment = harness.isolated_environment(directory)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = programs.run(
        [sys.executable, "-m", "enforcer", "run", "--", *block["args"].split()],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return _message(done.stderr, block["message"].splitlines()[0])


def _message(output: str, headline: str) -> str:
    """The message that begins with this line, else the first about the same rule."""
    _, _, report = output.partition("\nenforcement strict on ")
    for beginning in (f"{headline}\n", f"{headline.split()[0]}  "):
        for paragraph in report.split("\n\n"):
            if paragraph.startswith(beginning):
                return paragraph + "\n"
    raise AssertionError(f"nothing like {headline} in:\n{output}")


def _block(text: str) -> re.Match[str]:
    match = _BLOCK.search(text)
    assert match is not None, "the page has no output block"
    return match


def _write(page: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        message = true_message(page, Path(directory))
    text = page.read_text(encoding="utf-8")
    block = _block(text)
    page.write_text(text[: block.start("message")] + message + text[block.end("message") :], encoding="utf-8")


if __name__ == "__main__":
    for each in PAGES:
        _write(each)
