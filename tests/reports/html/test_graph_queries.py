"""The graph tells depths and ways, whatever its shape."""

from enforcer.reports.elements import Element
from enforcer.reports.html.graph_queries import Elements


def graph(*dependencies: tuple[int, ...]) -> Elements:
    """Elements 0, 1, ... with these dependencies."""
    return Elements([Element(f"e{number}.bst", "kind", needs) for number, needs in enumerate(dependencies)])


def test_the_depth_is_the_longest_chain_below() -> None:
    assert graph((1, 2), (2,), (3,), (), ()).depths == [3, 2, 1, 0, 0]


def test_a_chain_may_be_long_and_a_graph_may_have_cycles() -> None:
    count = 5000
    assert graph(*((number + 1,) for number in range(count)), ()).depths == list(range(count, -1, -1))
    depths = graph((1,), (2,), (0, 3), ()).depths
    assert (len(depths), depths[3], max(depths)) == (4, 0, 3)


def test_the_way_is_a_shortest_chain_of_dependencies() -> None:
    elements = graph((1, 2), (2,), (3,), (), (3,))
    assert elements.way(0, 3) == [0, 2, 3]
    assert elements.way(3, 0) == []
    assert elements.way(0, 4) == []
    assert elements.way(1, 1) == [1]


def test_dependents_are_those_that_depend_directly() -> None:
    assert graph((1, 2), (2,), ()).dependents == [[], [0], [0, 1]]
