"""Generate a BuildStream project of trivial import elements in layers, for measuring.

python benchmarks/layered.py DIRECTORY 1000
"""

from __future__ import annotations

import argparse
from pathlib import Path

LAYERS = 50
"""At most. Never a long chain: BuildStream follows dependencies by recursion, which ends at some hundreds."""

WIDTH = 20
"""Elements a layer, at least."""

DEPENDENCIES = 3
"""Elements of the layer below that each element depends on."""

PROJECT = """\
name: layered
min-version: 2.5
element-path: elements
"""


def generate(directory: Path, count: int) -> list[str]:
    """Write a project of `count` elements and one stack over the last layer; returns the stack, to be built."""
    elements = directory / "elements"
    elements.mkdir(parents=True)
    (directory / "project.conf").write_text(PROJECT, encoding="utf-8")
    (directory / "file.txt").write_text("the one file that every element imports\n", encoding="utf-8")
    width = max(WIDTH, -(-count // LAYERS))
    for number in range(count):
        (elements / f"{_name(number)}.bst").write_text(_element(number, width), encoding="utf-8")
    top = [f"- {_name(number)}.bst" for number in range(max(0, count - width), count)]
    (elements / "all.bst").write_text("\n".join(["kind: stack", "depends:", *top, ""]), encoding="utf-8")
    return ["all.bst"]


def _name(number: int) -> str:
    return f"element-{number:05}"


def _element(number: int, width: int) -> str:
    lines = ["kind: import", "config:", f"  target: /{_name(number)}", "sources:", "- kind: local", "  path: file.txt"]
    below = number // width * width - width
    if below >= 0:
        names = (_name(below + (number + step) % width) for step in range(DEPENDENCIES))
        lines += ["build-depends:", *(f"- {name}.bst" for name in names)]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    generate(arguments.directory, arguments.count)
