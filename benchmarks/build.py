"""Measure stock BuildStream and enforcement side by side: every backend and mode, in interleaved rounds.

    python benchmarks/build.py [PROJECT ...] [--backends B ...] [--modes M ...] [--pairs N]

PROJECT is a number, the elements of a layered graph; or `shape`, the graph of a real project, which is built and
pushed to a cache server on this machine, then pulled from there into an empty cache; or a directory: a checkout of a
real project, of which `--targets` are built with stubs for bodies (see stubbed.py).

Each round is: stock, then each variant, each in a fresh directory with empty caches; all must give the same cache keys
and artifacts, or the measurement ends. The ratios are those of one round; their median is what to read. The load of the
machine is kept, because a busy one tells nothing. Results are written after each round, as JSON and as a table beside
it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import layered, processes, shape, stubbed, table
from enforcer.settings.option_table import BACKENDS, BLAMES
from sample_projects import harness

STOCK = "stock"
MODES = ("strict", "soft", "discard")
PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True)
class Project:
    """What is built: with a remote, it is built and pushed, then pulled into an empty cache."""

    name: str
    generate: Callable[[Path], list[str]]
    remote: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """What each run does, in order; each step begins with an empty cache."""
        return ("build and push", "pull") if self.remote else ("build",)


def run(project: Project, words: list[str], timeout: float) -> tuple[dict[str, Any], str]:
    """All steps of `project` in a directory of their own: what was measured of each, and what was made."""
    with contextlib.ExitStack() as stack:
        directory = tempfile.TemporaryDirectory(prefix="enforcer-bench-", ignore_cleanup_errors=True)
        tmp = Path(stack.enter_context(directory))
        targets = project.generate(tmp / "project")
        environment = harness.isolated_environment(tmp)
        if project.remote:
            _use_remote(environment, stack.enter_context(harness.start_remote(tmp)))
        found = {}
        for step in project.steps:
            shutil.rmtree(environment["XDG_CACHE_HOME"], ignore_errors=True)
            found[step] = _run_step(tmp, [*words, "build", *targets], environment, timeout)
        return found, _made(tmp / "project", targets, environment)


def _made(project: Path, targets: Sequence[str], environment: dict[str, str]) -> str:
    """Cache key and artifact of every element, a line each."""
    shown = ["show", "--deps", "all", "--format", "%{name} %{full-key} %{artifact-cas-digest}"]
    command = [sys.executable, "-m", "buildstream", "--no-interactive", *shown, *targets]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def _use_remote(environment: dict[str, str], url: str) -> None:
    lines = [
        line
        for cache in ("artifacts", "source-caches")
        for line in (f"{cache}:", "  servers:", f"  - url: {url}", "    push: True")
    ]
    Path(environment["XDG_CONFIG_HOME"], "buildstream.conf").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _run_step(tmp: Path, words: list[str], environment: dict[str, str], timeout: float) -> dict[str, Any]:
    notes, costs, output = tmp / "notes.json", tmp / "costs.json", tmp / "output.txt"
    measured = processes.measure(
        [sys.executable, str(PROBE), str(notes), *words],
        cwd=tmp / "project",
        env={**environment, "ENFORCER_COSTS": str(costs)},
        output=output,
        timeout=timeout,
    )
    if measured.status != 0:
        tail = output.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise SystemExit(f"{' '.join(words)} ended with {measured.status}:\n{tail}")
    told = json.loads(costs.read_text(encoding="utf-8")) if costs.exists() else {}
    costs.unlink(missing_ok=True)
    return {**asdict(measured), **json.loads(notes.read_text(encoding="utf-8")), "costs": told}


def variants(backends: list[str], modes: list[str], blame: str | None = None) -> dict[str, list[str]]:
    """What to run, by name: stock first."""
    found = {STOCK: ["bst"]}
    more = ["--blame", blame] if blame else []
    for backend in backends:
        for mode in modes:
            found[f"{backend} {mode}"] = ["enforcer", "run", "--backend", backend, "--mode", mode, *more, "--"]
    return found


def _project(text: str, graph: Path, targets: list[str]) -> Project:
    if text == "shape":
        return Project("shape", partial(shape.generate, graph=graph), remote=True)
    if text.isdecimal():
        return Project(f"layered {text}", partial(layered.generate, count=int(text)))
    checkout = Path(text).resolve()
    return Project(checkout.name, partial(stubbed.generate, checkout=checkout, targets=targets))


def machine() -> dict[str, Any]:
    """What the numbers depend on, as far as it is no secret."""
    names = ("buildstream", "buildstream-enforcer", "grpcio")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }


def write(results: dict[str, Any], path: Path) -> str:
    """Write JSON and, beside it, the table; returns the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = table.text(results)
    path.with_suffix(".txt").write_text(text, encoding="utf-8")
    return text


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", default=["100"], metavar="PROJECT")
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=list(BACKENDS))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=["strict"])
    parser.add_argument("--pairs", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--blame", choices=BLAMES, help="the option of `enforcer run` (default: what it takes itself)")
    parser.add_argument("--graph", type=Path, default=shape.GRAPH, help="the file of `shape`")
    parser.add_argument("--targets", nargs="+", default=[], metavar="ELEMENT", help="what is built of checkouts")
    parser.add_argument("--output", type=Path, default=Path("build", "bench.json"), help="default: %(default)s")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds a bst process may take")
    return parser.parse_args(words)


def main() -> None:
    """Measure, and print the table in the end."""
    arguments = parse()
    results: dict[str, Any] = {"machine": machine(), "runs": []}
    commands = variants(arguments.backends, arguments.modes, arguments.blame)
    for project in [_project(text, arguments.graph, arguments.targets) for text in arguments.projects]:
        made = ""
        for number in range(arguments.pairs):
            for name, words in commands.items():
                load = os.getloadavg()[0]
                steps, result = run(project, words, arguments.timeout)
                made = made or result
                if result != made:
                    raise SystemExit(f"{project.name}: {name} gave other keys or artifacts than stock")
                results["runs"].append(
                    {"project": project.name, "round": number, "variant": name, "load": load, "steps": steps}
                )
                seconds = " + ".join(f"{step['wall']:.1f} s" for step in steps.values())
                print(f"{project.name}, round {number + 1}, {name}: {seconds} (load {load:.1f})", flush=True)
            written = write(results, arguments.output)
    print(f"\n{written}\nwritten to {arguments.output}")


if __name__ == "__main__":
    main()
