"""Patches come off in any order, and nothing is left of them."""

from __future__ import annotations

import ast
import importlib
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from buildstream._project import Project
from buildstream._scheduler.scheduler import Scheduler
from buildstream.plugin import Plugin

import enforcer.bst
from enforcer.bst import attach, patches
from enforcer.bst.accesses.hooks import put_on_classes
from enforcer.bst.live_count import live_count
from enforcer.bst.observing import touches
from enforcer.bst.observing.late import Late
from enforcer.bst.observing.launches import Launches
from enforcer.bst.observing.makers import Makers
from enforcer.bst.observing.openings import Openings
from enforcer.bst.observing.silence import silence
from enforcer.bst.observing.starts import Starts
from enforcer.bst.replicas.assignments import AssignedObjects, unwatch_all
from enforcer.session import Session
from enforcer.settings.settings import Settings

Put = Callable[[], Callable[[], None]]


def _attached() -> Callable[[], None]:
    return attach.attach(Session(Settings()))


def _assignments() -> Callable[[], None]:
    assigned = AssignedObjects()
    assigned.watch()
    return assigned.unwatch


def _within(make: Callable[[], Any]) -> Put:
    def put() -> Callable[[], None]:
        stack = ExitStack()
        stack.enter_context(make())
        return stack.close

    return put


PUTS: dict[str, Put] = {
    "attachment": _attached,
    "assignments": _assignments,
    "touches": _within(touches.hooked),
    "accesses": put_on_classes,
    "starts": _within(lambda: Starts((), Makers(None, (), (), "Build", str), Late()).watching()),
    "openings": _within(lambda: Openings((), Makers(None, (), (), "Build", str), bool, True).watching()),
    "launches": _within(lambda: Launches((), Makers(None, (), (), "Build", str), lambda name: None).watching()),
    "silence": _within(lambda: silence([])),
    "live count": _within(lambda: live_count(Session(Settings()))),
}


def _owner(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    *classes, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for cls in classes:
        owner = vars(owner)[cls]
    return owner, name


def _values() -> dict[str, Any]:
    """What each attribute that may be patched is on its class or module itself."""
    places = {place: _owner(place) for place in patches.PATCHED}
    return {place: vars(owner).get(name, patches.ABSENT_ATTRIBUTE) for place, (owner, name) in places.items()}


def _differing(before: dict[str, Any]) -> set[str]:
    return {place for place, value in _values().items() if value is not before[place]}


NESTED = [
    *itertools.combinations_with_replacement(PUTS, 2),
    ("attachment", "attachment", "attachment"),
    ("attachment", "assignments", "touches"),
    ("touches", "assignments", "touches"),
]


@pytest.mark.parametrize("names", NESTED, ids=" + ".join)
def test_whatever_the_order_of_taking_off_nothing_is_left(names: tuple[str, ...]) -> None:
    before = _values()
    for order in itertools.permutations(range(len(names))):
        take_off = [PUTS[name]() for name in names]
        assert _differing(before)
        for number in order:
            take_off[number]()
        assert _differing(before) == set(), order


def test_everything_that_may_be_patched_is() -> None:
    before = _values()
    take_off = [put() for put in PUTS.values()]
    changed = _differing(before)
    for take in take_off:
        take()
    assert changed == set(patches.PATCHED)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class with `said` of its own and `inherited` of its base's; both may be patched."""

    class Base:
        def inherited(self) -> str:
            return "base"

    class Owner(Base):
        def said(self) -> str:
            return "original"

    for name in ("said", "inherited"):
        monkeypatch.setitem(patches.PATCHED, patches.place(Owner, name), "a test")
    return Owner


def _around(mark: str) -> patches.Wrap:
    return lambda below: lambda self: f"{mark}({below(self)})"


def test_the_rest_still_wraps_the_original_when_one_comes_off(table: Any) -> None:
    first, second, third = (patches.put_on(table, "said", _around(mark)) for mark in "123")
    assert table().said() == "3(2(1(original)))"
    second()
    assert table().said() == "3(1(original))"
    first()
    assert table().said() == "3(original)"
    third()
    assert table().said() == "original"


def test_what_was_inherited_is_wrapped_and_then_inherited_again(table: Any) -> None:
    take_off = patches.put_on(table, "inherited", _around("1"))
    assert table().inherited() == "1(base)"
    take_off()
    assert "inherited" not in vars(table)


def test_a_wrapper_comes_off_once(table: Any) -> None:
    first = patches.put_on(table, "said", _around("1"))
    first()
    second = patches.put_on(table, "said", _around("2"))
    first()
    assert table().said() == "2(original)"
    second()


def test_what_is_not_in_the_table_is_refused() -> None:
    before = Project.get_shell_config
    with pytest.raises(ValueError, match=r"buildstream\._project:Project\.get_shell_config"):
        patches.put_on(Project, "get_shell_config", lambda original: original)
    assert Project.get_shell_config is before


def test_an_attachment_that_cannot_be_put_on_as_a_whole_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _values()
    whole = attach._patches()
    monkeypatch.setattr(attach, "_patches", lambda: [*whole, (Scheduler, "nothing", whole[0][2])])
    with pytest.raises(ValueError, match="nothing"):
        attach.attach(Session(Settings()))
    assert _differing(before) == set()


def test_what_is_hooked_for_a_run_stays_as_it_is_when_a_job_ends() -> None:
    before = _values()
    with touches.hooked():
        of_the_run = vars(Plugin)["__getattribute__"]
        with touches.hooked():
            assert vars(Plugin)["__getattribute__"] is of_the_run, "no hooks of the job's own"
        assert vars(Plugin)["__getattribute__"] is of_the_run
    assert _differing(before) == set()


def test_a_hook_calls_what_is_stock_directly() -> None:
    with touches.hooked():
        hooks = [vars(Plugin)[name] for name in ("__getattribute__", "__setattr__", "__delattr__")]
        below = [cell.cell_contents for hook in hooks for cell in hook.__closure__]
    assert below == [object.__getattribute__, object.__setattr__, object.__delattr__]


def test_a_forked_process_stops_all_watching() -> None:
    before = _values()
    _assignments()
    _assignments()
    unwatch_all()
    assert _differing(before) == set()


def test_no_other_module_sets_attributes_of_buildstreams_classes_and_modules() -> None:
    found = {
        (path.name, name)
        for path in Path(*enforcer.bst.__path__).rglob("*.py")
        for name in _set_on_imported(ast.parse(path.read_text("utf-8")))
    }
    # Variables of BuildStream's, in a worker.
    values = {f"_exceptions._last_task_error_{which}" for which in ("domain", "reason")}
    assert found == {("in_worker.py", name) for name in values}


def _set_on_imported(tree: ast.Module) -> Iterator[str]:
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("buildstream")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del)):
            name = ast.unparse(node.value)
            if name in {*imported, "cls"}:
                yield ast.unparse(node)


def test_what_somebody_else_has_put_in_its_place_stays_where_a_wrapper_gives_way() -> None:
    original, other = os.dup, lambda number: 0
    take_off = patches.put_on(os, "dup", lambda below: lambda number: below(number), gives_way=True)
    try:
        os.dup = other  # type: ignore[assignment]
        take_off()
        assert os.dup is other
    finally:
        os.dup = original
    patches.put_on(os, "dup", lambda below: lambda number: 1)()
    assert os.dup is original
