"""Where libraries hold a container that elements hold, too."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from enforcer.bst.elements.library_globals import library_places
from enforcer.graph.graph import Graph
from tests.graph.hostile import Hostile, armed
from tests.graph.policies import OpenPolicy

NAME = "acme_library"


class Kept:
    """A class with a container, as a library has it."""

    names: list[Any] = []


@functools.lru_cache
def remembered() -> list[Any]:
    """A table that is made once."""
    return []


@pytest.fixture
def library() -> Iterator[types.ModuleType]:
    module = sys.modules[NAME] = types.ModuleType(NAME)
    yield module
    del sys.modules[NAME]


def places(*objects: Any) -> list[str]:
    registry = Graph(OpenPolicy()).registry
    with armed():
        found = library_places({id(obj): obj for obj in objects}, registry, lambda name: name == "acme_plugin")
    return [str(found[id(obj)]) for obj in objects if id(obj) in found]


def test_a_global_an_entry_of_one_and_what_a_class_a_tuple_or_a_cache_holds_is_found(library: Any) -> None:
    library.TABLE, library.TABLES, library.Kept, library.remembered = [], {"a": ({},)}, Kept, remembered
    library.HOSTILE = hostile = Hostile(a=[])
    held = [library.TABLE, library.TABLES["a"][0], Kept.names, remembered(), vars(hostile)["a"]]
    assert places(*held) == [
        f"{NAME} TABLE",
        f"{NAME} TABLES['a'][0]",
        f"{NAME} Kept.names",
        f"{NAME} remembered()",
        f"{NAME} HOSTILE.a",
    ]


def test_what_is_in_no_library_is_not_found(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    library.TABLE = []
    plugin = types.ModuleType("acme_plugin")
    plugin.TABLE = [[]]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_plugin", plugin)
    assert places([], plugin.TABLE) == []  # type: ignore[attr-defined]
