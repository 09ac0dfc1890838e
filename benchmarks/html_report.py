"""How large the HTML report is, how long it takes to make, and how long a browser takes to open it.

    python benchmarks/html_report.py [GRAPH.json] [--counts 10 1000 10000] [--times 5]

GRAPH is a file with `elements`, each a list of build dependencies and one of runtime dependencies, by number; without
it there are 1,200 elements in layers. Prints a table in Markdown: medians over all times of opening. `opened` is from
the start of the navigation to the end of the load event, `drawn` to the first frame after it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from enforcer.reports.html.page import html_text
from enforcer.reports.json_report import json_text
from enforcer.reports.value import build_report
from enforcer.results.findings import Finding, Job, Owner, Site
from enforcer.results.record import Record
from enforcer.settings.settings import Settings
from tests.reports.html.browser import Page

_FOLDERS = ("bootstrap", "components", "extensions", "images", "sdk", "tests")
_RULES = ("foreign-write", "foreign-write", "class-write", "module-write", "process-write")
_CODE = ("def assemble(self, sandbox):", "    for dep in self.dependencies():", "        env = dep.get_environment()")
_MORE = ('        env["CFLAGS"] += " -O3"', "", '    return "/output"', "")

_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
_DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


def graph(path: Path | None) -> list[list[int]]:
    """For each element the numbers of those that it depends on."""
    if path is None:
        return [list(range(max(n - n % 40 - 40, 0), max(n - n % 40 - 36, 0))) for n in range(1200)]
    elements = json.loads(path.read_text(encoding="utf-8"))["elements"]
    return [sorted({*build, *runtime}) for build, runtime in elements]


def name(number: int) -> str:
    """A name like those of real projects."""
    return f"{_FOLDERS[number % len(_FOLDERS)]}/part-{number:04}.bst"


def finding(number: int, dependencies: list[list[int]]) -> Finding:
    """One of many: they differ in rule, plugin, elements, path and values."""
    element = (number * 37 + 300) % len(dependencies)
    below = dependencies[element] or [0]
    rule = _RULES[number % len(_RULES)]
    owner = (
        Owner("element", name(below[number % len(below)])) if rule == "foreign-write" else Owner("class", "kind.Kind")
    )
    line = 20 + number % 50
    site = Site("plugins/kind.py", line, "assemble", _MORE[0].strip(), (*_CODE, *_MORE), line - 3)
    return Finding(
        rule,
        "error",
        Job(name(element), "Build", 1, f"kind_{number % 7}"),
        owner,
        f"attribute_{number}" if number % 2 else "environment['CFLAGS']",
        before=f"'-O2 -g -pipe {number}'",
        after=f"'-O2 -g -pipe {number} -O3'",
        site=site,
        obtained=Site("plugins/kind.py", line - 1, "assemble", _CODE[2].strip(), (*_CODE, *_MORE), line - 3),
        dependents=number % 50,
        plugin_file="plugins/kind.py",
    )


def record(count: int, dependencies: list[list[int]]) -> Record:
    """A run with so many findings."""
    made = Record(jobs=2 * len(dependencies), checked=2 * len(dependencies), cells=60_000)
    for number, below in enumerate(dependencies):
        made.note_element(name(number), f"kind_{number % 7}", map(name, below))
    made.findings = [finding(number, dependencies) for number in range(count)]
    return made


def measure(count: int, dependencies: list[list[int]], browser: Page, directory: Path, times: int) -> str:
    """A row of the table."""
    report = build_report(record(count, dependencies), Settings(), ["enforcer", "run"])
    start = time.perf_counter()
    text = html_text(report)
    made = time.perf_counter() - start
    path = directory / "report.html"
    path.write_text(text, encoding="utf-8")
    opened, drawn = [], []
    for _ in range(times):
        browser.open(path.as_uri())
        drawn.append(browser.run(_DRAWN))
        opened.append(browser.run(_LOADED))
    sizes = f"{len(text.encode()) / 1000:,.0f} KB | {len(json_text(report)) / 1000:,.0f} KB"
    waits = f"{statistics.median(opened):.0f} ms | {statistics.median(drawn):.0f} ms"
    return f"| {count:,} | {sizes} | {made:.2f} s | {waits} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", type=Path, nargs="?")
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 1000, 10_000])
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    dependencies = graph(arguments.graph)
    print("| findings | HTML | JSON | made in | opened | drawn |\n|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as directory:
        browser = Page(Path(directory) / "browser")
        try:
            browser.size(1280, 900)
            for count in arguments.counts:
                print(measure(count, dependencies, browser, Path(directory), arguments.times), flush=True)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
