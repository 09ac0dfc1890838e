"""What a job touches is what its own code and core's access, and nothing that we ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from enforcer.bst.observing.makers import Makers
from enforcer.bst.observing.searches import PluginSearches
from enforcer.bst.observing.touches import Touches
from enforcer.graph.unit import Unit
from enforcer.settings.settings import Settings
from tests.bst.loaded import Loaded


@pytest.fixture
def touches(loaded: Loaded) -> Touches:
    return touches_of(loaded, loaded.app)


def touches_of(loaded: Loaded, element: Any) -> Touches:
    run_graph = loaded.run_graph
    makers = Makers(element, run_graph.plugin_files, (), "Build", run_graph.file_names.shown)
    unit = run_graph.unit_of(element)
    return Touches(run_graph, PluginSearches(run_graph), unit, lambda unit: None, makers, Settings())


def in_a_job(touches: Touches, act: Callable[[], Any]) -> set[Unit]:
    """The units that `act` touches, on a thread as jobs run on."""

    def run() -> None:
        with touches.watching():
            act()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return touches.units


def test_to_get_ready_touches_nothing(touches: Touches) -> None:
    assert in_a_job(touches, lambda: None) == set()


def test_what_is_accessed_is_touched(touches: Touches, loaded: Loaded) -> None:
    units = in_a_job(touches, lambda: loaded.base.name)
    assert units == {loaded.run_graph.unit_of(loaded.base)}


def test_what_core_reaches_has_no_line_followed(loaded: Loaded) -> None:
    touches = touches_of(loaded, loaded.base)
    assert in_a_job(touches, lambda: loaded.app.name) == {loaded.unit}
    assert touches.live is not None
    assert not touches.live.followed


def test_code_that_can_change_something_shared_is_followed_from_the_start(touches: Touches) -> None:
    in_a_job(touches, lambda: None)
    assert touches.live is not None
    assert touches.live.followed, "the plugin of the element uses globals()"
