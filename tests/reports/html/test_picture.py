"""A picture shows the job's element, the owner, the way between them and what depends on the owner, and stays small."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from enforcer.reports.html.graph_queries import Elements
from enforcer.reports.html.picture import Picture, picture
from tests.reports.html.test_graph_queries import graph

STAR = graph((), *((0,) for _ in range(40)))


def drawn(elements: Elements, job: int, owner: int) -> Picture:
    made = picture(elements, f"e{job}.bst", f"e{owner}.bst")
    assert made is not None
    return made


def roles(made: Picture) -> dict[str, str]:
    return {node.label: node.role for node in made.nodes}


def overlap(made: Picture) -> list[tuple[str, str]]:
    return [
        (one.label, other.label)
        for one, other in combinations(made.nodes, 2)
        if abs(one.x - other.x) < (one.width + other.width) / 2 and abs(one.y - other.y) < made.box
    ]


def test_the_elements_of_the_job_and_of_the_owner_are_marked_and_the_write_leads_from_one_to_the_other() -> None:
    made = drawn(graph((1,), (), (1,)), 0, 1)
    assert roles(made) == {"e1.bst": "owner", "e0.bst": "job", "e2.bst": "other"}
    owner = next(node for node in made.nodes if node.role == "owner")
    [write] = [edge for edge in made.edges if edge.role == "write"]
    assert write.points[-1] == owner.y
    assert sum(edge.role == "need" for edge in made.edges) == 2


def test_many_dependents_are_counted() -> None:
    made = drawn(STAR, 5, 0)
    assert len(made.nodes) == 9
    assert roles(made)["33 more"] == "more"


def test_a_long_way_keeps_its_ends() -> None:
    chain = graph(*((number + 1,) for number in range(30)), ())
    assert [*roles(drawn(chain, 0, 30))] == ["e30.bst", "e0.bst", "e1.bst", "26 more", "e28.bst", "e29.bst"]


@pytest.mark.parametrize(("job", "owner"), [(0, 2), (2, 0), (0, 3), (3, 0), (1, 1)])
def test_boxes_lie_beside_each_other_and_inside(job: int, owner: int) -> None:
    for elements in (graph((1,), (2,), (), ()), graph((1,), (2,), (0,), (0, 1, 2), *((0, 1, 2) for _ in range(20)))):
        made = picture(elements, f"e{job}.bst", f"e{owner}.bst")
        if made is None:
            assert job == owner
            continue
        assert overlap(made) == []
        for node in made.nodes:
            assert node.width / 2 < node.x < made.width - node.width / 2
            assert made.box / 2 < node.y < made.height - made.box / 2


def test_there_is_no_picture_of_one_element_or_of_an_unknown_one() -> None:
    assert picture(graph((), ()), "e0.bst", "e0.bst") is None
    assert picture(STAR, "e0.bst", "gone.bst") is None
    assert picture(STAR, "gone.bst", "e0.bst") is None


def test_a_long_name_is_short_in_its_box_and_whole_behind_it() -> None:
    elements = graph((1,), ())
    name = "sub.bst:components/" + "x" * 50 + ".bst"
    long = Elements([elements.graph[0], type(elements.graph[1])(name, "kind", ())])
    made = picture(long, "e0.bst", name)
    assert made is not None
    owner = next(node for node in made.nodes if node.role == "owner")
    assert (owner.name, len(owner.label)) == (name, 26)
    assert owner.label.endswith("xxxx.bst")


@pytest.mark.once
def test_the_same_graph_gives_the_same_picture_in_every_process() -> None:
    code = (
        "from tests.reports.html.test_picture import *;"
        "print(drawn(STAR, 5, 0), drawn(graph((1, 2), (3,), (3,), ()), 0, 3))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1
