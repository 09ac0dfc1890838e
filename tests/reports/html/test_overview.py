"""The overview counts every element once, and stays small however large the graph is."""

from __future__ import annotations

from enforcer.reports.elements import Element
from enforcer.reports.html.graph_queries import Elements
from enforcer.reports.html.overview import Overview, overview
from tests.reports.html.test_graph_queries import graph


def made(elements: Elements, *named: str) -> Overview:
    found = overview(elements, named)
    assert found is not None
    assert sum(cell.count for row in found.rows for cell in row.cells) == len(elements.graph)
    assert all(row.count == sum(cell.count for cell in row.cells) for row in found.rows)
    return found


def test_rows_are_junctions_and_folders_columns_are_depths() -> None:
    elements = Elements(
        [
            Element("app.bst", "stack", (1, 2)),
            Element("lib/one.bst", "import", (2,)),
            Element("lib/two.bst", "import", ()),
            Element("sub.bst:lib/two.bst", "import", ()),
            Element("sub.bst:base.bst", "import", ()),
        ]
    )
    found = made(elements, "lib/one.bst", "gone.bst")
    assert found.what == "directories"
    assert found.columns == ("0", "1", "2")
    assert [(row.title, [cell.count for cell in row.cells]) for row in found.rows] == [
        ("lib/", [1, 1, 0]),
        ("./", [0, 0, 1]),
        ("sub.bst:", [1, 0, 0]),
        ("sub.bst:lib/", [1, 0, 0]),
    ]
    assert [cell.marked for cell in found.rows[0].cells] == [(), (1,), ()]


def test_where_all_are_in_one_directory_rows_are_kinds() -> None:
    found = made(Elements([Element("a.bst", "stack", (1,)), Element("b.bst", "import", ())]))
    assert (found.what, [row.title for row in found.rows]) == ("kinds", ["import", "stack"])


def test_a_graph_of_thousands_fits_on_a_screen() -> None:
    elements = [Element(f"d{n % 70}/e{n}.bst", "kind", (n - 1,) if n % 100 else ()) for n in range(2000)]
    found = made(Elements(elements))
    assert (len(found.rows), len(found.columns)) == (24, 20)
    assert found.rows[-1].title == "other directories"
    assert {cell.shade for row in found.rows for cell in row.cells} <= {0, 1, 2, 3, 4, 5}


def test_without_a_graph_there_is_no_overview() -> None:
    assert overview(graph(), []) is None
