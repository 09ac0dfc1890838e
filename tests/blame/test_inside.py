"""An edit deep inside of a value is seen, and nothing is asked of what it holds."""

from __future__ import annotations

from typing import Any

import pytest
from buildstream.node import MappingNode

from enforcer.blame.inside import InsideOf
from tests.graph.hostile import Hostile, armed


def test_a_value_that_stays_as_it_is_has_not_changed() -> None:
    inside = InsideOf({"a": [1, {"b": (2, set())}]})
    assert not inside.changed()
    assert not inside.changed()


@pytest.mark.parametrize(
    "edit",
    [
        lambda table: table.update(c=1),
        lambda table: table["a"].append(1),
        lambda table: table["a"][1]["b"].add(1),
        lambda table: table.pop("a"),
    ],
)
def test_an_edit_at_any_depth_is_seen_once(edit: Any) -> None:
    table = {"a": [0, {"b": set[int]()}]}
    inside = InsideOf(table)
    edit(table)
    assert inside.changed()
    assert not inside.changed()


def test_an_edit_of_a_node_is_seen() -> None:
    node: Any = MappingNode.from_dict({"a": {"b": "1"}})
    inside = InsideOf(node)
    node.get_mapping("a")["b"] = "2"
    assert inside.changed()


def test_a_value_that_holds_itself_and_one_that_is_large_come_to_an_end() -> None:
    table: dict[str, Any] = {"many": [[number] for number in range(10_000)]}
    table["itself"] = table
    assert len(InsideOf(table)) < 25_000


def test_nobodys_code_runs() -> None:
    table = {"a": Hostile()}
    with armed():
        assert not InsideOf(table).changed()
