"""Read results of `build.py` and show them as a table.

python benchmarks/table.py build/bench.json [MORE.json ...]
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOCK = "stock"
MIB = 1024 * 1024

# Counters that enforcement keeps (`Record.costs`), in seconds, by what they are spent on.
CHECK = ("check",)
SHIP = ("encode", "decode", "apply")
FORK = ("fork",)


@dataclass(frozen=True)
class Row:
    """One variant of one step of one project: the runs of all rounds, each beside the stock run of its round."""

    project: str
    step: str
    variant: str
    pairs: list[tuple[dict[str, Any], dict[str, Any]]]

    def median(self, value: Callable[[dict[str, Any]], float]) -> float:
        """The median of `value` over the rounds."""
        return statistics.median(value(run) for run, _ in self.pairs)

    def ratio(self, name: str) -> float:
        """The median of the ratios to stock."""
        return statistics.median(run[name] / stock[name] for run, stock in self.pairs)

    def job(self) -> float:
        """Seconds of `Scheduler.run` a job: what loading and printing the pipeline take is not in it."""
        return self.median(lambda run: run["run"] / jobs(run))

    def start(self) -> float:
        """Seconds an element that `Scheduler.run` took longer than stock's to start its first job."""
        return statistics.median((run["start"] - stock["start"]) / elements(run) for run, stock in self.pairs)

    def cost(self, *names: str) -> float | None:
        """The median of the sum of these counters a job; None where none was kept."""
        if not all(set(names) & set(run["costs"]) for run, _ in self.pairs):
            return None
        return self.median(lambda run: sum(run["costs"].get(name, 0) for name in names) / jobs(run))


def jobs(run: dict[str, Any]) -> int:
    """All jobs of a run."""
    return sum(run["jobs"].values())


def elements(run: dict[str, Any]) -> int:
    """The elements that were built or pulled."""
    return max(run["jobs"].values())


def rows(results: dict[str, Any]) -> Iterator[Row]:
    """Rows in the order of the runs, those of one step together."""
    runs: dict[str, dict[str, dict[int, dict[str, Any]]]] = {}
    for run in results["runs"]:
        runs.setdefault(run["project"], {}).setdefault(run["variant"], {})[run["round"]] = run["steps"]
    for project, by_variant in runs.items():
        stock = by_variant[STOCK]
        for step in stock[0]:
            for variant, rounds in by_variant.items():
                pairs = [(steps[step], stock[number][step]) for number, steps in rounds.items()]
                yield Row(project, step, variant, pairs)


def _number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _thousand(value: float | None) -> float | None:
    return None if value is None else 1000 * value


COLUMNS: list[tuple[str, Callable[[Row], str]]] = [
    ("project", lambda row: row.project),
    ("step", lambda row: row.step),
    ("variant", lambda row: row.variant),
    ("jobs", lambda row: str(jobs(row.pairs[0][0]))),
    ("wall s", lambda row: _number(row.median(lambda run: run["wall"]))),
    ("ratio", lambda row: _number(row.ratio("wall"), 2)),
    ("ms/job", lambda row: _number(1000 * row.job())),
    ("CPU main s", lambda row: _number(row.median(lambda run: run["cpu_main"]))),
    ("CPU all s", lambda row: _number(row.median(lambda run: run["cpu_all"]))),
    ("casd s", lambda row: _number(row.median(lambda run: run["cpu_casd"]))),
    ("PSS MiB", lambda row: _number(row.median(lambda run: run["pss"] / MIB), 0)),
    ("ratio", lambda row: _number(row.ratio("pss"), 2)),
    ("casd MiB", lambda row: _number(row.median(lambda run: run["pss_casd"] / MIB), 0)),
    ("start ms/el", lambda row: "" if row.variant == STOCK else _number(1000 * row.start(), 2)),
    ("check ms/job", lambda row: _number(_thousand(row.cost(*CHECK)), 2)),
    ("ship ms/job", lambda row: _number(_thousand(row.cost(*SHIP)), 2)),
    ("fork ms/job", lambda row: _number(_thousand(row.cost(*FORK)), 2)),
    ("bytes/job", lambda row: _number(row.cost("bytes"), 0)),
]


def text(results: dict[str, Any]) -> str:
    """The table, with what the numbers depend on below."""
    cells = [[name for name, _ in COLUMNS], *([show(row) for _, show in COLUMNS] for row in rows(results))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) if index < 3 else cell.rjust(width) for index, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in cells)
    ]
    loads = [run["load"] for run in results["runs"]]
    rounds = 1 + max(run["round"] for run in results["runs"])
    about = ", ".join(f"{name} {value}" for name, value in results["machine"].items())
    note = f"Medians of {rounds} interleaved round(s); load before each run {min(loads):.1f} to {max(loads):.1f}."
    return "\n".join([*lines, "", note, about, ""])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(text(json.loads(Path(name).read_text(encoding="utf-8"))))
