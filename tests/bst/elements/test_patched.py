"""What a job puts in the place of functions is taken off before anything else is looked at."""

from __future__ import annotations

import builtins
import json
import os.path
import pathlib
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from enforcer.bst import patches
from enforcer.bst.elements.process.units import Process
from enforcer.graph import words
from enforcer.graph.graph import Graph
from tests.graph.policies import OpenPolicy


@pytest.fixture
def process() -> Iterator[Process]:
    """The process, about to run a job; whatever that leaves is taken off in the end."""
    process = Process(())
    graph = Graph(OpenPolicy())
    graph.add(process.units())
    assert process.libraries.get_ready()
    process.patched.begin()
    yield process
    process.patched.end()
    process.patched.take_off(seen=True, possible=True)


def _nothing_of(below: Any) -> Any:
    return lambda *args, **kwargs: None


def broken(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("broken")


def taken_off(process: Process) -> list[tuple[str, str]]:
    """The paths that were changed, and how."""
    process.patched.end()
    found = process.patched.take_off(seen=True, possible=True)
    return [(change.raw_path(), change.change) for cell in found for change in cell.changes]


@pytest.mark.parametrize(
    ("owner", "name", "path", "how"),
    [
        (json, "dumps", "json.dumps", "set"),
        (os.path, "exists", "os.path.exists", "set"),
        (subprocess, "PIPE", "subprocess.PIPE", "set"),
        (subprocess.Popen, "wait", "subprocess.Popen.wait", "set"),
        (pathlib.Path, "touch", "pathlib.Path.touch", "set"),
        (socket.socket, "send", "socket.socket.send", "added"),  # a method of the class below
        (json, "open", "json.open", "added"),  # a built-in function
        (builtins, "len", "builtins.len", "set"),
        (builtins, "isinstance", "builtins.isinstance", "set"),
        (builtins, "acme", "builtins.acme", "added"),
    ],
)
def test_a_function_that_was_replaced_is_found_and_back(
    process: Process, owner: Any, name: str, path: str, how: str
) -> None:
    before = vars(owner).get(name)
    put: Callable[[Any, str, Any], None] = type.__setattr__ if isinstance(owner, type) else setattr
    put(owner, name, broken)
    assert taken_off(process) == [(path, how)]
    assert vars(owner).get(name) is before
    assert taken_off(process) == []


def test_data_of_a_library_and_new_names_are_its_own(process: Process) -> None:
    vars(json)["_acme_cache"] = {}
    try:
        assert taken_off(process) == []
    finally:
        del vars(json)["_acme_cache"]


@pytest.mark.skipif(not words.AVAILABLE, reason="this interpreter's words cannot be read")
def test_where_no_code_ran_that_may_replace_functions_only_built_in_ones_make_it_look(process: Process) -> None:
    json.dumps = broken  # type: ignore[assignment]
    process.patched.end()
    assert process.patched.take_off(seen=False, possible=False) == []
    process.patched.end()
    assert [cell.cell.path() for cell in process.patched.take_off(seen=False, possible=True)] == ["json"]
    json.dumps, builtins.len = broken, broken  # type: ignore[assignment]
    process.patched.end()
    found = process.patched.take_off(seen=False, possible=False)
    assert sorted(cell.cell.path() for cell in found) == ["builtins", "json"]


def test_what_takes_the_place_of_our_own_wrapper_is_found(process: Process) -> None:
    original = subprocess.Popen.__init__
    take_off = patches.put_on(subprocess.Popen, "__init__", _nothing_of, gives_way=True)
    subprocess.Popen.__init__ = broken  # type: ignore[method-assign]
    take_off()
    assert taken_off(process) == [("subprocess.Popen.__init__", "set")]
    assert subprocess.Popen.__init__ is original
