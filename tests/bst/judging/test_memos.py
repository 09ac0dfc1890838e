"""A memo is what reading a copy makes again; anything else that is written on a library's object is a write."""

from __future__ import annotations

import difflib
import functools
import ipaddress
import logging
import pathlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from enforcer.bst.judging.memos import CACHES, LIBRARY, PYTHON, Memos
from tests.graph.build import Thing, graph_of

LIBRARY_CODE = '''
import functools

MARK = "_mark"


class Shelf:
    """Remembers in many ways, and has some that only look like it."""

    def __init__(self):
        self.books = ["b", "a"]
        self.kept = None
        self.number = 0
        self.table = {}
        self.opened = None
        self.watcher = None

    @functools.cached_property
    def ordered(self):
        return sorted(self.books)

    @property
    def first(self):
        if self.kept is None:
            self.kept = min(self.books)
        return self.kept

    @property
    def next_number(self):
        self.number += 1
        return self.number

    @property
    def watched(self):
        self.kept = self.watcher.look()
        return self.kept

    @property
    def mark(self):
        if not hasattr(self, MARK):
            setattr(self, MARK, [])
        return getattr(self, MARK)

    def find(self, name):
        if name not in self.table:
            self.table[name] = name in self.books
        return self.table[name]

    def add(self, name):
        self.table[name] = True

    def open(self):
        self.opened = "opened"

    def quit(self):
        self.status = 2
        raise SystemExit(self.status)

    def __getattr__(self, name):
        if name == "late":
            self.late = "late"
            return self.late
        raise AttributeError(name)
'''


@pytest.fixture
def shelf() -> Iterator[Any]:
    module = types.ModuleType("a_library_of_shelves")
    sys.modules[module.__name__] = module
    exec(LIBRARY_CODE, vars(module))
    yield module.Shelf()
    del sys.modules[module.__name__]


def _memos(obj: Any, change: Callable[[Any], Any]) -> set[Any]:
    """What the changes to an object are taken for."""
    graph = graph_of(Thing(x=obj))
    change(obj)
    changed = graph.changed()
    memos = Memos(changed, graph.registry)
    found = {memos.of(each) for cell in changed for each in cell.changes}
    assert found, "nothing was seen"
    return found


READ: list[Callable[[Any], Any]] = [
    lambda shelf: shelf.ordered,
    lambda shelf: shelf.first,
    lambda shelf: shelf.find("a"),
    lambda shelf: shelf.late,
    lambda shelf: shelf.mark,
    lambda shelf: (shelf.first, shelf.ordered, shelf.find("z")),
]


@pytest.mark.parametrize("read", READ)
def test_what_its_class_computes_again_is_remembered(shelf: Any, read: Callable[[Any], Any]) -> None:
    assert _memos(shelf, read) == {LIBRARY}


def test_to_forget_it_is_no_change_either(shelf: Any) -> None:
    assert (shelf.first, shelf.ordered) == ("a", ["a", "b"])
    assert _memos(shelf, lambda each: vars(each).pop("ordered")) == {LIBRARY}


WRITTEN: dict[str, Callable[[Any], Any]] = {
    "another value": lambda shelf: vars(shelf).update(ordered=["z"]),
    "a property's value": lambda shelf: setattr(shelf, "kept", "z"),
    "an equal value of another type": lambda shelf: vars(shelf).update(ordered=("a", "b")),
    "what each reading changes": lambda shelf: shelf.next_number,
    "an entry that was not asked for": lambda shelf: shelf.table.update(a=False),
    "what a method was told to enter": lambda shelf: shelf.add("c"),
    "what a method was told to do": lambda shelf: shelf.open(),
    "what a method that ends the program leaves": lambda shelf: setattr(shelf, "status", 2),
    "a value under a name that is computed": lambda shelf: setattr(shelf, "_mark", ["z"]),
    "what it is made of": lambda shelf: shelf.books.append("c"),
    "an attribute that the class does not know": lambda shelf: setattr(shelf, "note", 1),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=list(WRITTEN))
def test_anything_else_is_a_write(shelf: Any, write: Callable[[Any], Any]) -> None:
    assert _memos(shelf, write) == {None}


def test_reading_the_copy_leaves_the_object_alone(shelf: Any) -> None:
    _memos(shelf, lambda each: each.first)
    assert (shelf.number, shelf.opened, shelf.table, "ordered" in vars(shelf)) == (0, None, {}, False)


class Watcher:
    """Of a plugin: none of its code may run while we look."""

    called = 0

    def look(self) -> str:
        self.called += 1
        return "seen"


def test_no_code_of_a_plugin_runs_for_it(shelf: Any) -> None:
    shelf.watcher = watcher = Watcher()
    assert _memos(shelf, lambda each: each.watched) == {None}
    assert watcher.called == 1
    assert sys.getprofile() is None


class Remembers:
    """Of a plugin."""

    @functools.cached_property
    def value(self) -> list[int]:
        return [1]


class Folder(pathlib.PurePosixPath):
    """Of a plugin; its base remembers."""


def test_what_a_class_of_a_plugin_remembers_is_a_write() -> None:
    assert _memos(Remembers(), lambda obj: obj.value) == {None}


OF_PYTHON: list[tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda: pathlib.Path("/a/b"), str, lambda path: setattr(path, "_str", "/evil")),
    (lambda: Folder("/a/b"), lambda path: (hash(path), path.parts), lambda path: setattr(path, "_hash", 5)),
    (
        lambda: ipaddress.ip_network("10.0.0.0/8"),
        lambda network: network.broadcast_address,
        lambda network: vars(network).update(broadcast_address=ipaddress.ip_address("192.0.2.1")),
    ),
    (
        lambda: difflib.SequenceMatcher(None, "ab", "bc"),
        lambda matcher: (matcher.ratio(), matcher.quick_ratio(), matcher.get_opcodes()),
        lambda matcher: setattr(matcher, "opcodes", [1]),
    ),
]


@pytest.mark.parametrize(("make", "read", "forge"), OF_PYTHON)
def test_what_pythons_library_remembers_is_no_write_and_a_forged_one_is(
    make: Callable[[], Any], read: Callable[[Any], Any], forge: Callable[[Any], Any]
) -> None:
    assert _memos(make(), read) == {LIBRARY}
    assert _memos(make(), forge) == {None}


def test_a_logger_is_asked_for_and_not_configured() -> None:
    manager = logging.Manager(logging.RootLogger(logging.WARNING))
    parent = manager.getLogger("a")

    def ask(logger: logging.Logger) -> None:
        manager.getLogger("a.b.c").isEnabledFor(logging.DEBUG)
        manager.getLogger("a.b")
        logger.isEnabledFor(logging.INFO)

    assert _memos(parent, ask) <= {PYTHON, LIBRARY}
    assert None in _memos(parent, lambda logger: logger.setLevel(logging.DEBUG))
    assert None in _memos(parent, lambda logger: manager.getLogger("z").setLevel(logging.DEBUG))
    assert None in _memos(parent, lambda logger: logger._cache.update({logging.ERROR: False}))


def test_it_is_no_matter_who_holds_the_object(shelf: Any) -> None:
    graph = graph_of(Thing(x=shelf), Thing(x=shelf))
    assert shelf.first == "a"
    changed = graph.changed()
    memos = Memos(changed, graph.registry)
    assert [memos.of(each) for cell in changed for each in cell.changes] == [LIBRARY]


def test_a_result_that_a_function_keeps_is_counted_and_one_with_state_is_not_dropped() -> None:
    state, plain = functools.lru_cache(lambda key: [key]), functools.lru_cache(lambda key: (key, 1))
    assert _memos(state, lambda function: function(1)) == {CACHES}
    assert _memos(state, lambda function: function(1).append(2)) == {None}
    assert _memos(state, lambda function: function.cache_clear()) == {None}
    plain(1)
    assert _memos(plain, lambda function: function.cache_clear()) == {CACHES}


def test_what_a_full_cache_forgets_is_no_write() -> None:
    few = functools.lru_cache(maxsize=2)(lambda key: [key])
    few(1), few(2)
    assert _memos(few, lambda function: function(3)) == {CACHES}
