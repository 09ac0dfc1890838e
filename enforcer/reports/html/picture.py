"""The elements around a finding as a picture: whose job it was, whose state, and who depends on that."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import graphlay

from enforcer.reports.html.graph_queries import Elements

JOB = "job"
OWNER = "owner"
BOTH = "both"
OTHER = "other"
MORE = "more"

WRITE = "write"
NEED = "need"

_DEPENDENTS = 7
_BETWEEN = 3
_LABEL = 26
_LETTER = 7.3
_HEIGHT = 26
_GAP = 44
_SPACE = 10
_MARGIN = 12
_OPTIONS = {
    "direction": "leftright",
    "spacing": {"layer_gap": _GAP, "node_gap": _SPACE, "dummy_gap": _SPACE},
    "routing": {"style": "diagonal", "port_sides": "facing_only", "centre_ports": "all"},
}


class Node(NamedTuple):
    """A box: its middle, its width, the text in it and the whole name."""

    label: str
    name: str
    role: str
    x: int
    y: int
    width: int


class Edge(NamedTuple):
    """A line from the element that depends to the one that it depends on, or from a job to what it changed."""

    role: str
    points: tuple[int, ...]


class Picture(NamedTuple):
    """Boxes and lines; lengths are in pixels."""

    width: int
    height: int
    box: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class _Box:
    """What stands in a box, and the room that it takes."""

    def __init__(self, label: str, name: str, role: str) -> None:
        self.label, self.name, self.role = label, name, role
        self.width = int(len(label) * _LETTER) + 18


class _Sketch:
    """Which boxes there are and what connects them, before they have a place."""

    def __init__(self) -> None:
        self.boxes: list[_Box] = []
        self.number: dict[int, int] = {}
        self.needs: list[tuple[int, int]] = []

    def add(self, elements: Elements, element: int, role: str) -> int:
        """The box of an element, made if it has none."""
        if element not in self.number:
            name = elements.graph[element].name
            self.number[element] = len(self.boxes)
            self.boxes.append(_Box(_short(name), name, role))
        return self.number[element]

    def add_more(self, count: int) -> int:
        """A box for elements that have none."""
        self.boxes.append(_Box(f"{count} more", f"{count} more, not shown", MORE))
        return len(self.boxes) - 1


def picture(elements: Elements, job: str, owner: str) -> Picture | None:
    """The elements around `owner`, which a job of the element `job` changed; None if there is nothing to see."""
    changing, changed = elements.place.get(job), elements.place.get(owner)
    if changed is None or changing is None:
        return None
    sketch = _sketch(elements, changing, changed)
    return _laid_out(sketch, sketch.number[changing], sketch.number[changed]) if len(sketch.boxes) > 1 else None


def _sketch(elements: Elements, changing: int, changed: int) -> _Sketch:
    """The way between the two, and what depends on the owner; other dependencies among them would hide these."""
    sketch = _Sketch()
    sketch.add(elements, changed, BOTH if changing == changed else OWNER)
    sketch.add(elements, changing, JOB)
    _add_way(sketch, elements, elements.way(changing, changed) or elements.way(changed, changing))
    above = [number for number in elements.dependents[changed] if number not in sketch.number]
    room = _DEPENDENTS if len(above) <= _DEPENDENTS else _DEPENDENTS - 1
    for number in above[:room]:
        sketch.needs.append((sketch.add(elements, number, OTHER), sketch.number[changed]))
    if above[room:]:
        sketch.needs.append((sketch.add_more(len(above[room:])), sketch.number[changed]))
    return sketch


def _add_way(sketch: _Sketch, elements: Elements, way: Sequence[int]) -> None:
    """A chain of dependencies; of a long one how many elements are hidden in its middle."""
    hidden = max(len(way) - 2 - _BETWEEN, 0)
    boxes = [sketch.add(elements, number, OTHER) for number in way[: 1 + _BETWEEN // 2]]
    if hidden:
        boxes.append(sketch.add_more(hidden))
    boxes += [sketch.add(elements, number, OTHER) for number in way[1 + _BETWEEN // 2 + hidden :]]
    sketch.needs += pairwise(boxes)


def _short(name: str) -> str:
    """The name in a box: its end tells more than its beginning."""
    if len(name) <= _LABEL:
        return name
    end = _LABEL * 2 // 3
    return f"{name[: _LABEL - end - 1]}\N{HORIZONTAL ELLIPSIS}{name[-end:]}"


def _laid_out(sketch: _Sketch, changing: int, changed: int) -> Picture:
    width = max(box.width for box in sketch.boxes)
    lines = list(dict.fromkeys(sketch.needs))
    # Where neither depends on the other, the write keeps them together.
    apart = [] if any(changing in line for line in lines) else [(changing, changed)]
    graph = graphlay.Graph()
    for number in range(len(sketch.boxes)):
        graph.node(number, width=width, height=_HEIGHT)
    for above, below in [*lines, *apart]:
        graph.edge(below, above)
    layout = graphlay.layout(graph, options=_OPTIONS)
    return _picture(sketch, layout, lines, width, None if changing == changed else (changing, changed))


def _picture(
    sketch: _Sketch, layout: Any, lines: Sequence[tuple[int, int]], width: int, write: tuple[int, int] | None
) -> Picture:
    middles = [layout.positions()[number] for number in range(len(sketch.boxes))]
    left = min(x for x, _ in middles) - width / 2 - _MARGIN
    top = min(y for _, y in middles) - _HEIGHT / 2 - _MARGIN
    nodes = tuple(
        Node(box.label, box.name, box.role, round(x - left), round(y - top), width)
        for box, (x, y) in zip(sketch.boxes, middles, strict=True)
    )
    # The layout's edges come in the order in which they were added.
    edges = [
        Edge(NEED, _line(nodes[above], nodes[below], _bends(edge, left, top)))
        for (above, below), edge in zip(lines, layout.edges, strict=False)
    ]
    if write is not None:
        edges.append(Edge(WRITE, _line(nodes[write[0]], nodes[write[1]], ())))
    right = max(node.x + node.width // 2 for node in nodes) + _MARGIN
    bottom = max(node.y for node in nodes) + _HEIGHT // 2 + _MARGIN
    return Picture(right, bottom, _HEIGHT, nodes, tuple(edges))


def _bends(edge: Any, left: float, top: float) -> tuple[int, ...]:
    """Where a line over several layers passes between boxes, from the one that depends."""
    inner = reversed(edge["points"][1:-1])
    return tuple(round(each) for point in inner for each in (point["x"] - left, point["y"] - top))


def _line(above: Node, below: Node, bends: tuple[int, ...]) -> tuple[int, ...]:
    """From side to side, as the boxes lie."""
    side = -1 if above.x > below.x else 1
    start, end = above.x + side * above.width // 2, below.x - side * below.width // 2
    return (start, above.y, *bends, end, below.y)
