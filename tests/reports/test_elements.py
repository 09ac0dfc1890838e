"""The graph of a report: names that are fit to be shown, and who depends on whom by number."""

from enforcer.reports.elements import Element, element_graph, merged_graphs
from enforcer.results.record import Record

CHAIN = (Element("a.bst", "stack", (1,)), Element("b.bst", "import", ()))


def test_elements_are_sorted_and_name_their_dependencies_by_place() -> None:
    assert element_graph({"b.bst": "import", "a.bst": "stack"}, {"a.bst": ["b.bst"], "b.bst": []}) == CHAIN


def test_a_dependency_that_is_no_element_of_the_graph_is_left_out() -> None:
    assert element_graph({"a.bst": "stack"}, {"a.bst": ["gone.bst"]}) == (Element("a.bst", "stack", ()),)


def test_names_are_masked_and_elements_that_are_shown_alike_are_one() -> None:
    long = "x" * 300
    graph = element_graph(
        {f"{long}1": "b", f"{long}2": "a", "token=s3cret": "c"},
        {f"{long}1": [], f"{long}2": [], "token=s3cret": [f"{long}2"]},
    )
    assert [(element.kind, element.dependencies) for element in graph] == [("c", (1,)), ("a", ())]
    assert "s3cret" not in str(graph)


def test_graphs_of_several_runs_are_one_in_any_order() -> None:
    other = (Element("b.bst", "import", (1,)), Element("c.bst", "import", ()))
    merged = (Element("a.bst", "stack", (1,)), Element("b.bst", "import", (2,)), Element("c.bst", "import", ()))
    assert merged_graphs([CHAIN, other]) == merged_graphs([other, CHAIN]) == merged
    assert merged_graphs([CHAIN]) == CHAIN


def test_records_that_merge_have_the_elements_of_all() -> None:
    one, two = Record(), Record()
    one.note_element("a.bst", "stack", ["b.bst"])
    one.note_element("b.bst", "import", [])
    two.note_element("a.bst", "manual", ["c.bst"])
    two.note_element("c.bst", "import", [])
    both = Record.from_plain(one.to_plain())
    both.merge(two)
    two.merge(one)
    assert both == two
    assert element_graph(both.kinds, both.dependencies) == (
        Element("a.bst", "manual", (1, 2)),
        Element("b.bst", "import", ()),
        Element("c.bst", "import", ()),
    )
