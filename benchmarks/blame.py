"""What it costs to follow lines: to find those of writes, in jobs that touch nothing foreign and in jobs that do; to
note which ones run (`--coverage`).

    python benchmarks/blame.py [--count 60] [--rounds 5]

Each job runs 2,000 lines of plugin code. A job that touches reads one value of a dependency's environment first, and
writes nothing: the lines that follow are each followed by a compare of that dependency. One worker runs all jobs, one
after the other; a time is that of its jobs, by the enforcer's own clock in the worker, a Build job.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sample_projects import harness

WAYS = {
    "off": ["--blame", "off"],
    "touch": ["--blame", "touch"],
    "live": ["--blame", "live"],
    "coverage": ["--blame", "off", "--coverage"],
}
LINES = 2000

_CONF = """
name: blamed
min-version: 2.5
element-path: elements
plugins:
- origin: local
  path: plugins
  elements: [works]
"""

_PLUGIN = """
from buildstream import Element


class WorksElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        self.touches = node.get_bool("touches", False)

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        for dep in self.dependencies() if self.touches else ():
            dep.get_environment().get("PATH")
        total = 0
        for number in range(ROUNDS):
            if number % 2:
                total += number
            else:
                total -= number
        return "/"


def setup():
    return WorksElement
""".replace("ROUNDS", str(LINES // 3))


def generate(project: Path, count: int) -> None:
    """Write a project with `count` jobs that touch nothing, and as many that do."""
    for name in ("elements", "plugins"):
        (project / name).mkdir(parents=True)
    (project / "project.conf").write_text(_CONF, encoding="utf-8")
    (project / "plugins" / "works.py").write_text(_PLUGIN, encoding="utf-8")
    (project / "elements" / "base.bst").write_text("kind: works\n", encoding="utf-8")
    for kind in ("quiet", "touching"):
        for number in range(count):
            text = f"kind: works\nconfig:\n  touches: {kind == 'touching'}\nbuild-depends:\n- base.bst\n"
            (project / "elements" / f"{kind}{number}.bst").write_text(text, encoding="utf-8")


def milliseconds(project: Path, kind: str, way: str, count: int) -> float:
    """The time of a Build job of one kind in one of the ways."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        costs = directory / "costs.json"
        environment = {**os.environ, **harness.isolated_environment(directory), "ENFORCER_COSTS": str(costs)}
        environment["PYTHONPATH"] = str(Path(__file__).parents[1])
        command = [sys.executable, "-m", "enforcer", "run", "--backend", "pool", "--workers", "1", *WAYS[way]]
        targets = [f"{kind}{number}.bst" for number in range(count)]
        done = subprocess.run(
            [*command, "--", "--no-interactive", "--directory", str(project), "build", *targets],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr)
        told = json.loads(costs.read_text(encoding="utf-8"))
        followed = told.get("followed jobs", 0) - told.get("given up jobs", 0)
        expected = count if (kind, way) == ("touching", "live") else 0
        if followed != expected:
            raise SystemExit(f"{followed} jobs were followed to their end, not {expected}")
        # Fetch jobs, as many again, have nothing to fetch.
        return float(told["action"]) / (count + 1) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        project = Path(name) / "project"
        generate(project, asked.count)
        for _ in range(asked.rounds):
            for kind in ("quiet", "touching"):
                for way in WAYS:
                    times.setdefault((kind, way), []).append(milliseconds(project, kind, way, asked.count))
    print(f"load after: {os.getloadavg()[0]:.1f}; milliseconds a Build job of {LINES:,} lines, median (ratio to off)")
    for kind in ("quiet", "touching"):
        off = times[kind, "off"]
        for way in WAYS:
            mine = times[kind, way]
            ratio = statistics.median(a / b for a, b in zip(mine, off, strict=True))
            print(f"{kind:9} {way:8} {statistics.median(mine):7.2f}  {ratio:.2f}")


if __name__ == "__main__":
    main()
