"""Measure a build of trivial elements under enforcement strict beside a stock one, one after the other.

    python benchmarks/build.py [COUNT ...] [--rounds N]

Each build starts from an empty cache. With more rounds the median of the ratios is what to read; the load of
the machine is printed, because a busy one tells nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import layered
from sample_projects import harness

COMMANDS = {"stock": ["bst"], "strict": ["enforcer", "run"]}


def build(project: Path, tmp: Path, command: list[str]) -> float:
    """The seconds that one build from nothing takes."""
    program = Path(sys.executable).with_name(command[0])
    with open(tmp / "output.txt", "w", encoding="utf-8") as output:
        start = time.perf_counter()
        done = subprocess.run(
            [program, *command[1:], "build", "all.bst"],
            cwd=project,
            env=harness.isolated_environment(tmp),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{(tmp / 'output.txt').read_text()[-2000:]}")
    return seconds


def measure(count: int) -> dict[str, float]:
    """One build of each kind, side by side in time."""
    seconds = {}
    for name, command in COMMANDS.items():
        with tempfile.TemporaryDirectory(prefix="enforcer-bench-") as tmp:
            project = Path(tmp, "project")
            layered.generate(project, count)
            seconds[name] = build(project, Path(tmp), command)
    return seconds


def main() -> None:
    """Print a line for each count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=int, nargs="*", default=[100], metavar="COUNT")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    print("elements  stock s  strict s  ratio  load before")
    for count in arguments.counts:
        load = os.getloadavg()[0]
        rounds = [measure(count) for _ in range(arguments.rounds)]
        stock, strict = (statistics.median(each[name] for each in rounds) for name in COMMANDS)
        ratio = statistics.median(each["strict"] / each["stock"] for each in rounds)
        print(f"{count:8}  {stock:7.1f}  {strict:8.1f}  {ratio:5.2f}  {load:11.1f}", flush=True)


if __name__ == "__main__":
    main()
