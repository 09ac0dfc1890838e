"""Generate a BuildStream project with the dependency edges of a real one.

    python benchmarks/shape.py DIRECTORY [--graph FILE]

FILE is JSON: `{"elements": [[BUILD, RUNTIME], ...]}`, where element i needs those of the indexes in BUILD to build
and those in RUNTIME to run. It holds no more than edges, so every element imports one local file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

GRAPH = Path(__file__).parents[2] / "shared" / "graphs" / "freedesktop-sdk-shape.json"

PROJECT = """\
name: shape
min-version: 2.5
element-path: elements
"""


def generate(directory: Path, graph: Path = GRAPH) -> list[str]:
    """Write the project; returns all its elements, to be built: a pull leaves none out."""
    edges = json.loads(graph.read_text(encoding="utf-8"))["elements"]
    elements = directory / "elements"
    elements.mkdir(parents=True)
    (directory / "project.conf").write_text(PROJECT, encoding="utf-8")
    (directory / "file.txt").write_text("the one file that every element imports\n", encoding="utf-8")
    for number, (build, runtime) in enumerate(edges):
        (elements / _name(number)).write_text(_element(number, build, runtime), encoding="utf-8")
    return [_name(number) for number in range(len(edges))]


def _name(number: int) -> str:
    return f"element-{number:05}.bst"


def _element(number: int, build: list[int], runtime: list[int]) -> str:
    lines = ["kind: import", "config:", f"  target: /{number}", "sources:", "- kind: local", "  path: file.txt"]
    for key, needs in (("build-depends", build), ("runtime-depends", runtime)):
        if needs:
            lines += [f"{key}:", *(f"- {_name(need)}" for need in needs)]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--graph", type=Path, default=GRAPH)
    arguments = parser.parse_args()
    generate(arguments.directory, arguments.graph)
