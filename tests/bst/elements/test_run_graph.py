"""Which units a scheduler run has, and who owns what."""

from __future__ import annotations

import gc
import sys
import types
from typing import Any

from buildstream.element import Element

from enforcer.bst.elements.parts import element_unit, sources_of
from enforcer.bst.elements.plugin_modules import loaded_modules
from enforcer.bst.elements.run_graph import evading_units
from enforcer.bst.replicas.assignments import AssignedObjects
from tests.bst.builds import Build
from tests.bst.loaded import Loaded
from tests.graph.build import Thing, graph_of


def test_an_element_that_is_still_being_made_is_a_unit_without_sources() -> None:
    half: Any = Element.__new__(Element)
    half._Plugin__context = type("Context", (), {"log_debug": False})()  # for Plugin.__del__
    assert sources_of(half) == []
    assert [root for root, _ in element_unit(half).roots] == [half]


def test_modules_that_the_garbage_collector_unloads_meanwhile_disturb_nobody() -> None:
    class Unloads:
        """In a cycle of its own, as a dead plugin factory is."""

        def __init__(self, name: str) -> None:
            self.name, self.me = name, self

        def __del__(self) -> None:
            sys.modules.pop(self.name, None)

    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for number in range(200):
            name = f"enforcer_test_unloaded_{number}"
            sys.modules[name] = types.ModuleType(name)
            Unloads(name)
            assert "sys" in dict(loaded_modules())
    finally:
        gc.set_threshold(*before)


def test_what_a_class_and_an_element_hold_is_the_classes(build: Build) -> None:
    build.element("bad", "self.mine = self.SHARED; self.mine.append(1)", "base")
    ran = build.enforced("build", "bad.bst")
    assert [(v["rule"], v["owner"]["name"], v["path"]) for v in ran.report["violations"]] == [
        ("class-write", "acts.Acts", "SHARED[0]")
    ]


def test_what_two_elements_hold_is_the_ones_that_core_gave_it_to_and_the_other_is_named(build: Build) -> None:
    build.element("first", "self.env = dep.get_environment()", "base")
    build.element("second", 'self._dependencies; dep._plugin.env["FOO"] = "X"', "first")
    ran = build.enforced("build", "second.bst")
    (violation,) = ran.report["violations"]
    assert (violation["owner"]["name"], violation["path"]) == ("base.bst", "environment['FOO']")
    assert violation["aliases"] == ["first.bst env"]


def test_reports_count_elements_and_what_was_cached(build: Build) -> None:
    build.element("after", "pass", "base")
    first = build.enforced("build", "after.bst").report["summary"]
    assert (first["elements"], first["cached"], first["jobs"], first["checked"]) == (2, [], 4, 4)
    second = build.enforced("build", "after.bst").report
    assert second["summary"]["checked"] == 0
    assert second["verdict"] == "nothing-checked"


def test_a_cached_dependency_is_told(build: Build) -> None:
    assert build.enforced("build", "base.bst").status == 0
    build.element("after", "pass", "base")
    summary = build.enforced("build", "after.bst").report["summary"]
    assert summary["cached"] == ["base.bst"]


def test_classes_that_read_their_attributes_themselves_and_containers_evade_hooks() -> None:
    class Own(Thing):
        def __getattribute__(self, name: str) -> Any:
            return object.__getattribute__(self, name)

    class Mixed(dict[str, Any]):
        """An element that is a dict too."""

    graph = graph_of(Thing(), Own(), Mixed())
    assert evading_units(graph) == graph.units[1:]


def test_elements_are_left_to_the_hooks_although_main_watches_what_is_assigned(loaded: Loaded) -> None:
    assigned = AssignedObjects()
    assigned.watch()
    try:
        evading = evading_units(loaded.run_graph.graph)
    finally:
        assigned.unwatch()
    assert evading == []
