"""What blame costs where a plugin runs many lines and nobody's finding needs them: a `tar` source.

    python benchmarks/tar.py [--files 40 200] [--rounds 3] [--ways stock touch live] [--copied]

One element is fetched and built from empty caches. Before Python 3.12 BuildStream's plugin reads archives by a copy of
`tarfile` of its own, some hundred lines of Python a file. `--copied` makes it a plugin of the project, whose lines are
followed. CPU seconds of the whole command, of all processes but casd; a ratio is to the first way in the same round.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sample_projects import harness

WAYS = {
    "stock": ["-m", "buildstream"],
    "off": ["-m", "enforcer", "run", "--blame", "off", "--"],
    "touch": ["-m", "enforcer", "run", "--blame", "touch", "--"],
    "live": ["-m", "enforcer", "run", "--"],
    "full": ["-m", "enforcer", "run", "--blame", "full", "--"],
}


_CONF = """
name: tarred
min-version: 2.5
element-path: elements
aliases:
  here: file://{project}/
"""
_COPIED = """
plugins:
- origin: local
  path: plugins
  sources: [copied]
"""


def generate(project: Path, files: int, copied: bool) -> None:
    """Write a project whose only element has an archive of `files` small files."""
    (project / "elements").mkdir(parents=True)
    archive = project / "files.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for number in range(files):
            member = tarfile.TarInfo(f"base/folder{number % 7}/file{number}")
            member.size = 20
            tar.addfile(member, io.BytesIO(b"x" * 20))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    conf = _CONF.format(project=project) + (_COPIED if copied else "")
    (project / "project.conf").write_text(conf, encoding="utf-8")
    kind = "copied" if copied else "tar"
    text = f"kind: import\nsources:\n- kind: {kind}\n  url: here:files.tar.gz\n  ref: {digest}\n"
    (project / "elements" / "all.bst").write_text(text, encoding="utf-8")
    if copied:
        sources = Path(next(iter(find_spec("buildstream").submodule_search_locations))) / "plugins" / "sources"
        (project / "plugins").mkdir()
        for name, new in (("tar.py", "copied.py"), ("_tarfile.py", "_tarfile.py")):
            shutil.copy(sources / name, project / "plugins" / new)


def seconds(project: Path, way: str) -> float:
    """The CPU seconds of one build from empty caches."""
    with tempfile.TemporaryDirectory() as name:
        environment = {**os.environ, **harness.isolated_environment(Path(name))}
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])
        command = [sys.executable, *WAYS[way], "--no-interactive", "--directory", str(project), "build", "all.bst"]
        before = os.times()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        after = os.times()
        if done.returncode:
            raise SystemExit(done.stderr)
        return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, nargs="+", default=[40, 200])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["stock", "touch", "live"])
    parser.add_argument("--copied", action="store_true")
    asked = parser.parse_args()
    for files in asked.files:
        times: dict[str, list[float]] = {way: [] for way in asked.ways}
        with tempfile.TemporaryDirectory() as name:
            project = Path(name) / "project"
            generate(project, files, asked.copied)
            for _ in range(asked.rounds):
                for way in asked.ways:
                    times[way].append(seconds(project, way))
        print(f"{files} files; load after: {os.getloadavg()[0]:.1f}; CPU seconds, median (ratio to {asked.ways[0]})")
        for way in asked.ways:
            ratio = statistics.median(a / b for a, b in zip(times[way], times[asked.ways[0]], strict=True))
            print(f"  {way:8} {statistics.median(times[way]):7.2f}  {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
