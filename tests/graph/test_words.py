"""Every way to write to a dictionary, and to replace what an object has, changes a word that is read."""

from __future__ import annotations

import builtins
import gc
import sys
import types
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from enforcer.graph import words
from enforcer.graph.words import Words

pytestmark = pytest.mark.skipif(not words.AVAILABLE, reason="this interpreter's words cannot be read")


class Thing:
    """With a `__dict__`."""


class Pair:
    """Without a `__dict__`."""

    __slots__ = ("first", "second")


class Other(Thing):
    """What a thing can become."""


def new() -> dict[Any, Any]:
    return {"a": 1, "b": 2}


def by_global_statement(mapping: dict[Any, Any]) -> None:
    exec("def f():\n  global a\n  a = 3\nf()", mapping)


def in_a_hot_loop(mapping: dict[Any, Any]) -> None:
    # Often enough that the interpreter specializes the instruction.
    for number in range(1000):
        mapping["a"] = number


def through_items_in_place(mapping: dict[Any, Any]) -> None:
    mapping |= {"c": 3}


WRITES: dict[str, Callable[[dict[Any, Any]], object]] = {
    "item": lambda mapping: mapping.__setitem__("a", 3),
    "new item": lambda mapping: mapping.__setitem__("c", 3),
    "number": lambda mapping: mapping.__setitem__(1, 3),
    "delete": lambda mapping: mapping.__delitem__("a"),
    "pop": lambda mapping: mapping.pop("a"),
    "popitem": lambda mapping: mapping.popitem(),
    "clear": lambda mapping: mapping.clear(),
    "setdefault": lambda mapping: mapping.setdefault("c", 3),
    "update": lambda mapping: mapping.update({"c": 3}),
    "update by name": lambda mapping: mapping.update(a=3),
    "update with pairs": lambda mapping: mapping.update([("a", 3)]),
    "init": lambda mapping: mapping.__init__(c=3),  # type: ignore[misc]
    "or": through_items_in_place,
    "global statement": by_global_statement,
    "hot loop": in_a_hot_loop,
    "exec": lambda mapping: exec("a = 3", mapping),
    "class body": lambda mapping: exec("class a: pass", mapping),
    "import": lambda mapping: exec("import sys as a", mapping),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("make", [dict, OrderedDict, lambda items: defaultdict(list, items)], ids=["dict", "od", "dd"])
def test_a_write_to_a_dictionary_is_seen(make: Callable[[Any], dict[Any, Any]], write: Any) -> None:
    mapping = make({**new(), "__builtins__": builtins})
    read = Words([words.version_place(mapping)])
    assert read.unchanged()
    write(mapping)
    assert not read.unchanged()


@pytest.mark.parametrize("fill", [lambda d: d.update(a=1), lambda d: d.setdefault("a", 1), through_items_in_place])
def test_what_fills_an_empty_dictionary_is_seen(fill: Callable[[dict[Any, Any]], object]) -> None:
    mapping: dict[Any, Any] = {}
    read = Words([words.version_place(mapping)])
    fill(mapping)
    assert not read.unchanged()


def by_statement(thing: Any) -> None:
    for number in range(1000):
        thing.a = number


def by_dict(thing: Any) -> None:
    vars(thing)["a"] = 3


def with_a_new_dict(thing: Any) -> None:
    thing.__dict__ = {"a": 1}


def without_a_dict(thing: Any) -> None:
    del thing.__dict__


def words_of(thing: Any) -> Words:
    mapping = vars(thing)
    place = words.dict_place(thing, mapping)
    assert place is not None
    return Words([place, words.version_place(mapping)])


ATTRIBUTE_WRITES: dict[str, Callable[[Any], object]] = {
    "statement": by_statement,
    "setattr": lambda thing: setattr(thing, "b", 3),
    "object.__setattr__": lambda thing: object.__setattr__(thing, "a", 3),
    "del": lambda thing: delattr(thing, "a"),
    "__dict__": by_dict,
}


class Error(Exception):
    """Has its `__dict__` elsewhere than a plain object."""


@pytest.mark.parametrize("write", ATTRIBUTE_WRITES.values(), ids=ATTRIBUTE_WRITES)
@pytest.mark.parametrize("make", [Thing, Error, lambda: types.ModuleType("m"), lambda: lambda: None])
def test_a_write_to_an_attribute_is_seen(make: Callable[[], Any], write: Callable[[Any], object]) -> None:
    thing = make()
    thing.a = 1
    read = words_of(thing)
    assert read.unchanged()
    write(thing)
    assert not read.unchanged()


@pytest.mark.parametrize("write", [with_a_new_dict, without_a_dict])
def test_another_dictionary_for_the_attributes_is_seen(write: Callable[[Any], object]) -> None:
    thing = Thing()
    read = words_of(thing)
    write(thing)
    assert not read.unchanged()


def test_what_other_objects_of_the_class_do_is_not_seen() -> None:
    thing, other = Thing(), Thing()
    for each in (thing, other):
        each.a = 1  # type: ignore[attr-defined]
    read = words_of(thing)
    by_statement(other)
    del other.a  # type: ignore[attr-defined]
    gc.collect()
    assert thing.a == 1  # type: ignore[attr-defined]
    assert read.unchanged()


@pytest.mark.parametrize(
    "write", [lambda c: setattr(c, "a", 3), lambda c: delattr(c, "a"), lambda c: setattr(c, "b", 3)]
)
def test_a_write_to_a_class_is_seen(write: Callable[[type], object]) -> None:
    cls = type("Class", (), {"a": 1})
    [mapping] = gc.get_referents(vars(cls))
    read = Words([words.version_place(mapping)])
    assert read.unchanged()
    write(cls)
    assert not read.unchanged()


def test_another_class_is_seen() -> None:
    thing = Thing()
    read = Words([words.class_place(thing)])
    assert read.unchanged()
    thing.__class__ = Other
    assert not read.unchanged()


def test_what_a_closure_holds_is_seen() -> None:
    cell = types.CellType(Thing())
    place = words.pointer_place(cell, cell.cell_contents)
    assert place is not None
    read = Words([place])
    assert read.unchanged()
    cell.cell_contents = Thing()
    assert not read.unchanged()
    del cell.cell_contents
    assert not read.unchanged()


@pytest.mark.parametrize("name", ["__code__", "__defaults__", "__kwdefaults__", "__annotations__"])
def test_what_a_function_is_made_of_is_seen(name: str) -> None:
    def function(a: int) -> None:
        """Has no defaults."""

    def other(a: int = 1, *, b: int = 2) -> None:
        """Has all of them."""

    assert function.__annotations__  # made into a dictionary by who asks first
    read = Words(words.function_places(function))
    assert read.unchanged()
    function.note = 1  # type: ignore[attr-defined]
    function.__name__ = "another"
    assert read.unchanged()
    setattr(function, name, getattr(other, name))
    assert not read.unchanged()


def test_a_pointer_that_is_there_twice_or_not_at_all_has_no_place() -> None:
    pair: Any = Pair()
    pair.first = pair.second = held = Thing()
    assert words.pointer_place(pair, held) is None
    assert words.pointer_place(pair, Thing()) is None
    pair.second = None
    assert words.pointer_place(pair, held) is not None


def test_reading_counts_no_reference() -> None:
    mapping = new()
    before = sys.getrefcount(mapping)
    read = Words([words.version_place(mapping)])
    assert sys.getrefcount(mapping) == before
    assert read.unchanged()


def test_no_words_are_unchanged() -> None:
    assert Words([]).unchanged()
