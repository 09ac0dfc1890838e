"""Recorded terminal sessions in the documents: `python -m tests.docs.sessions` records them anew.

A page says in a comment before its first block where the session takes place, `<!-- session: SAMPLE -->`: in a copy of
that sample project. Blocks after `<!-- session goes on -->` go on there. Lines after a `$` are typed, all others are
what came: without the output of bst itself and without the line that counts cells, which differs with versions.
Each `enforcer` finds an empty cache, as a run in CI does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sample_projects import harness

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(ROOT / "docs" / f"{name}.md" for name in ("access", "baseline", "coverage", "reports"))

_BLOCK = re.compile(
    r"<!-- session(?:: (?P<sample>\w+)| goes on) -->\n\n```console\n(?P<text>.*?)```\n", re.DOTALL | re.MULTILINE
)
_REPORT = "\nenforcement "


class Session:
    """A directory, a home and a shell."""

    def __init__(self, sample: str, directory: Path) -> None:
        self._project = harness.copy_sample(sample, directory)
        self._environment = harness.isolated_environment(directory)
        programs = directory / "bin"
        programs.mkdir()
        command = programs / "enforcer"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m enforcer "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        self._environment["PATH"] = f"{programs}:{self._environment['PATH']}"
        self._environment["PYTHONPATH"] = str(ROOT)
        self._environment["CI"] = "true"

    def type(self, command: str) -> str:
        """What the terminal shows when `command` is typed."""
        shutil.rmtree(self._environment["XDG_CACHE_HOME"], ignore_errors=True)
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self._project,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        status = f"(exit status {done.returncode})\n" if done.returncode else ""
        return f"$ {command}\n{'' if command.startswith('enforcer run') else done.stdout}{_ours(done.stderr)}{status}"


def _ours(output: str) -> str:
    """The report and what comes after it; all, where there is none."""
    before, found, report = output.partition(_REPORT)
    if not found:
        return before
    lines = f"{found}{report}".lstrip("\n").splitlines(keepends=True)
    return "".join(line for line in lines if " cells compared" not in line)


def recorded(page: Path, directory: Path) -> str:
    """The page as it has to be: every session on it, typed anew in `directory`."""
    session: Session | None = None

    def anew(block: re.Match[str]) -> str:
        nonlocal session
        if block["sample"]:
            session = Session(block["sample"], directory)
        assert session is not None, f"{page} goes on with a session that has not begun"
        commands = [line[2:] for line in block["text"].splitlines() if line.startswith("$ ")]
        text = "\n".join(map(session.type, commands))
        start, end = block.start("text") - block.start(), block.end("text") - block.start()
        return f"{block[0][:start]}{text}{block[0][end:]}"

    return _BLOCK.sub(anew, page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for each in PAGES:
        with tempfile.TemporaryDirectory() as temporary:
            each.write_text(recorded(each, Path(temporary)), encoding="utf-8")
