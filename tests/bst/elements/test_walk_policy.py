"""BuildStream's own kinds of objects in the graph: nodes, protobufs, variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from buildstream._protos.buildstream.v2 import artifact_pb2
from buildstream._variables import Variables
from buildstream.node import MappingNode, Node

from enforcer.bst.elements.walk_policy import BstPolicy
from enforcer.graph.graph import Graph
from enforcer.graph.unit import Unit


class Holder:
    """Stands for an element."""

    def __init__(self, state: Any) -> None:
        self.state = state


def _no_unit(element: Any) -> Unit:
    raise AssertionError("nothing here is an element's")


def _graph(state: Any) -> tuple[Graph, Holder]:
    holder = Holder(state)
    graph = Graph(BstPolicy(_no_unit, lambda module: True))
    graph.add([Unit("element", "x.bst", [(holder, "")])])
    return graph, holder


def _node() -> MappingNode[Any]:
    node: MappingNode[Any] = Node.from_dict({"a": "1", "list": ["x", "y"], "inner": {"b": "2"}})
    return node


def _set(node: Any) -> None:
    node["a"] = "9"


def _add_below(node: Any) -> None:
    node.get_mapping("inner")["c"] = "3"


def _append(node: Any) -> None:
    node.get_sequence("list").append("z")


def _delete(node: Any) -> None:
    del node["a"]


def _replace_inside(node: Any) -> None:
    Node.from_dict({"list": {"(=)": ["other"]}})._composite(node)


@pytest.mark.parametrize(
    ("write", "path"),
    [
        (_set, ".state['a']"),
        (_add_below, ".state['inner']['c']"),
        (_append, ".state['list'][2]"),
        (_delete, ".state['a']"),
        (_replace_inside, ".state['list']"),
    ],
)
def test_a_write_to_a_node_is_found_and_undone(write: Callable[[Any], None], path: str) -> None:
    node = _node()
    graph, _ = _graph(node)
    before = node.strip_node_info()
    write(node)
    assert node.strip_node_info() != before
    changed = graph.changed()
    assert any(change.raw_path().startswith(path) for cell in changed for change in cell.changes)
    assert graph.undo(changed) == []
    assert node.strip_node_info() == before
    assert graph.changed() == []


def test_reading_a_node_is_no_change() -> None:
    node = _node()
    graph, _ = _graph(node)
    node.get_str("a")
    node.clone()
    list(node.items())
    node.get_sequence("list").as_str_list()
    assert graph.changed() == []


def test_a_protobuf_is_compared_by_its_bytes_and_written_back() -> None:
    proto = artifact_pb2.Artifact(build_success=True)
    graph, _ = _graph(proto)
    assert graph.changed() == []
    proto.build_error = "later"
    changed = graph.changed()
    assert [change.raw_path() for cell in changed for change in cell.changes] == [".state"]
    assert graph.undo(changed) == []
    assert proto == artifact_pb2.Artifact(build_success=True)


def test_variables_that_are_initialised_anew_are_found_and_restored() -> None:
    variables = Variables(Node.from_dict({"name": "value"}))
    graph, _ = _graph(variables)
    assert variables["name"] == "value"
    assert graph.changed() == []
    variables.__init__(Node.from_dict({"name": "other"}))  # type: ignore[misc]
    changed = graph.changed()
    assert len(changed) == 1
    assert graph.undo(changed) == []
    assert variables["name"] == "value"
