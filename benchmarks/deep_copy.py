"""Compare a whole element graph as the enforcer does, and with `copy.deepcopy` and DeepDiff.

    python benchmarks/deep_copy.py [--count 1000]

Both look at the same: all elements with their sources, walked once by the enforcer. `deepcopy` and DeepDiff get it
as plain data, nested dictionaries of strings and numbers without one object or reference that they would follow,
and making that data is not counted. So they do less here than they would have to around a job. The enforcer compares
classes, modules, projects, the context and the process besides.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import layered
from sample_projects import harness

_PLAIN = (str, bytes, int, float, bool, type(None))


class _Enough(BaseException):
    """Ends the build before its first job; nothing of BuildStream catches it."""


def at_start_of_run(directory: Path, count: int, look: Callable[[Any], Any]) -> Any:
    """Build a layered project up to the entry of `Scheduler.run`; returns what `look(scheduler)` says there."""
    os.environ.update(harness.isolated_environment(directory))
    targets = layered.generate(directory / "project", count)
    from buildstream._frontend import cli
    from buildstream._scheduler.scheduler import Scheduler

    found = []

    def run(scheduler: Any, *_: Any) -> None:
        found.append(look(scheduler))
        raise _Enough

    Scheduler.run = run
    words = ["--no-interactive", "--directory", str(directory / "project"), "build", *targets]
    output = directory / "output.txt"
    with (
        output.open("w", encoding="utf-8") as stream,
        contextlib.redirect_stderr(stream),
        contextlib.suppress(_Enough, SystemExit),
    ):
        cli.main(args=words, prog_name="bst")
    if not found:
        raise SystemExit(f"bst ended before it ran a job:\n{output.read_text(encoding='utf-8')}")
    return found[0]


def plain_state(units: list[Any]) -> dict[str, Any]:
    """What every cell of these units holds, as plain data; objects by their type's name."""
    return {unit.name: {cell.path(): _plain_cell(cell) for cell in unit.cells} for unit in units}


def _plain_cell(cell: Any) -> dict[Any, Any]:
    contents = cell.kind.contents(cell.obj)
    return {_plain(name) if name is not None else index: _plain(value) for index, (name, value) in enumerate(contents)}


def _plain(value: Any) -> Any:
    return value if type(value) in _PLAIN else type(value).__name__


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """How long one call takes, and what it returns."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def compare(scheduler: Any) -> dict[str, Any]:
    """Time both ways on the graph of `scheduler`, where nothing changes in between."""
    from deepdiff import DeepDiff

    from enforcer.bst.elements.run_graph import RunGraph

    walk, run_graph = seconds(lambda: RunGraph(scheduler.context))
    run_graph.graph.refresh()
    ours = statistics.median(seconds(run_graph.graph.changed)[0] for _ in range(20))
    state = plain_state([unit for unit in run_graph.graph.units if not unit.shared])
    copying, copied = seconds(lambda: copy.deepcopy(state))
    differing, difference = seconds(lambda: DeepDiff(copied, state))
    assert not difference
    return {
        "elements": len(run_graph.elements),
        "cells": run_graph.graph.cell_count(),
        "walk once": walk,
        "one full compare": ours,
        "deepcopy": copying,
        "DeepDiff": differing,
        "ratio": (copying + differing) / ours,
    }


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="elements of the layered graph (default: %(default)s)")
    count = parser.parse_args().count
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="enforcer-bench-", ignore_cleanup_errors=True) as tmp:
        found = at_start_of_run(Path(tmp), count, compare)
    print(json.dumps({**found, "load before": load}, indent=1))


if __name__ == "__main__":
    main()
