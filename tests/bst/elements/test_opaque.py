"""What cannot be seen into is told apart by whose state it is in."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("buildstream")

from enforcer.bst.elements.run_graph import RunGraph
from tests.bst.loaded import Loaded


def test_what_plugins_of_buildstream_hold_is_none_of_those_of_others(loaded: Loaded) -> None:
    before = RunGraph(loaded.context).opaque_in_plugins()["_thread.lock"]
    loaded.base.note = threading.Lock()
    assert RunGraph(loaded.context).opaque_in_plugins()["_thread.lock"] == before
    loaded.app.note = threading.Lock()
    assert RunGraph(loaded.context).opaque_in_plugins()["_thread.lock"] == before + 1
