"""The whole graph on one screen: how many elements each directory has at each depth, and where findings are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from enforcer.reports.html.graph_queries import Elements

_ROWS = 24
_COLUMNS = 20
_SHADES = 5


@dataclass(frozen=True)
class OverviewCell:
    """Elements of one row at one depth.

    Attributes:
        count: how many there are.
        shade: from 1 to 5, the darker the more; 0 where there are none.
        marked: those that findings name, by their place in the graph.
    """

    count: int
    shade: int
    marked: tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """What the elements of a row have in common, how many there are, and its cells."""

    title: str
    count: int
    cells: tuple[OverviewCell, ...]


@dataclass(frozen=True)
class Overview:
    """Rows by `what`, a word for it; columns by depth, each from one depth to another."""

    what: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def overview(elements: Elements, named: Collection[str]) -> Overview | None:
    """The graph, with marks where the elements in `named` are; None without a graph."""
    if not elements.graph:
        return None
    what, row_of = _rows(elements)
    depths = elements.depths
    step = -(-(max(depths) + 1) // _COLUMNS)
    columns = range(0, max(depths) + 1, step)
    cells: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for number, depth in enumerate(depths):
        cells[row_of(number), depth // step].append(number)
    marked = {elements.place[name] for name in named if name in elements.place}
    most = max(map(len, cells.values()))
    rows = [
        Row(
            title,
            count,
            tuple(_cell(cells.get((title, column), []), most, marked) for column in range(len(columns))),
        )
        for title, count in Counter(map(row_of, range(len(elements.graph)))).items()
    ]
    others = f"other {what}"
    rows.sort(key=lambda row: (row.title == others, -row.count, row.title))
    return Overview(what, tuple(_span(start, step, max(depths)) for start in columns), tuple(rows))


def _cell(numbers: list[int], most: int, marked: Collection[int]) -> OverviewCell:
    shade = -(-len(numbers) * _SHADES // most)
    return OverviewCell(len(numbers), shade, tuple(number for number in numbers if number in marked))


def _span(start: int, step: int, deepest: int) -> str:
    end = min(start + step - 1, deepest)
    return str(start) if end == start else f"{start}\N{EN DASH}{end}"


def _rows(elements: Elements) -> tuple[str, Callable[[int], str]]:
    """By what elements are put into rows: directories if there are several, else kinds."""
    titles = [_directory(element.name) for element in elements.graph]
    what = "directories"
    if len({*titles}) == 1:
        titles, what = [element.kind or "no kind" for element in elements.graph], "kinds"
    counts = Counter(titles)
    # Where there are too many, small ones share a row.
    kept = sorted(counts, key=lambda title: (-counts[title], title))
    kept = kept if len(kept) <= _ROWS else kept[: _ROWS - 1]
    shown = [title if title in kept else f"other {what}" for title in titles]
    return what, shown.__getitem__


def _directory(name: str) -> str:
    """`sub.bst:components/`: the junction and the first folder."""
    junction, colon, path = name.rpartition(":")
    folder, slash, _ = path.partition("/")
    return f"{junction}{colon}{folder}{slash}" if slash else f"{junction}{colon}" or "./"
