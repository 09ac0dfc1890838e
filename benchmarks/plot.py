"""Draw what a job costs against the size of the graph, from results of `build.py` on layered graphs.

    python benchmarks/plot.py IMAGE.svg build/bench.json [MORE.json ...]

Needs matplotlib: the extra `bench`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.table import CHECK, FORK, SHIP, STOCK, Row, rows

Lines = dict[str, dict[int, float]]
"""For each variant the value at each number of elements."""


def lines(results: list[dict[str, Any]], value: Callable[[Row], float | None]) -> Lines:
    """The lines to draw; what a file lacks is left out."""
    found: Lines = {}
    for row in (row for result in results for row in rows(result)):
        kind, _, count = row.project.partition(" ")
        number = value(row)
        if kind == "layered" and number is not None:
            found.setdefault(row.variant, {})[int(count)] = 1000 * number
    return found


def draw(axes: Any, title: str, by_variant: Lines) -> None:
    """One panel."""
    for variant, values in sorted(by_variant.items()):
        counts = sorted(values)
        style = {"color": "black", "linestyle": "--"} if variant == STOCK else {}
        axes.plot(counts, [values[count] for count in counts], marker="o", label=variant, **style)
    axes.set(title=title, xscale="log", yscale="log", xlabel="elements in the graph", ylabel="ms a job")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("{x:g}" if axis is axes.yaxis else "")
    axes.grid(alpha=0.3)
    axes.legend()


def main() -> None:
    """Write the image."""
    image, *files = sys.argv[1:]
    results = [json.loads(Path(name).read_text(encoding="utf-8")) for name in files]
    panels = {
        "Scheduler.run, a job": lines(results, Row.job),
        "of that: checking, shipping, forking": lines(results, lambda row: row.cost(*CHECK, *SHIP, *FORK)),
    }
    panels = {title: found for title, found in panels.items() if found}
    # The same numbers give the same bytes.
    matplotlib.rcParams["svg.hashsalt"] = "enforcer"
    figure, axes = pyplot.subplots(1, len(panels), figsize=(5.5 * len(panels), 4), layout="constrained", squeeze=False)
    for panel, (title, found) in zip(axes[0], panels.items(), strict=True):
        draw(panel, title, found)
    Path(image).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(image, metadata={"Date": None})


if __name__ == "__main__":
    main()
