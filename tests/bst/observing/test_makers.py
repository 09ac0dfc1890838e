"""Who runs is told by the objects on the stack, and to look at them changes nothing for the functions that run."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from enforcer.blame.place import Place
from enforcer.bst.observing.makers import Makers, maker_of
from enforcer.results.findings import Maker
from tests.bst.loaded import Loaded

APP = Maker("app.bst", "acts", None, "plugins/acts.py")
FED = Maker("app.bst", "feeds", 0, "plugins/feeds.py")


class Held:
    """What a variable holds."""


def makers(loaded: Loaded) -> Makers:
    """Those of `app.bst`, for which the functions of this file count as a plugin's."""
    return Makers(loaded.app, {__file__}, (), "Build", shown(loaded))


def shown(loaded: Loaded) -> Callable[[str], str]:
    return loaded.run_graph.file_names.shown


def calling(look: Callable[[FrameType], Any]) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return look(sys._getframe())

    return method


def with_method(plugin: Any, monkeypatch: pytest.MonkeyPatch, method: Callable[[Any], Any]) -> Any:
    """The result of this function, called as a method of the plugin's class."""
    monkeypatch.setattr(type(plugin), "looked_at", method, raising=False)
    return plugin.looked_at()


def test_a_plugin_is_named_as_findings_do(loaded: Loaded) -> None:
    (source,) = loaded.app.sources()
    assert [maker_of(plugin, shown(loaded)) for plugin in (loaded.app, source)] == [APP, FED]


def test_the_object_of_the_nearest_method_counts(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = loaded.app.sources()
    running = makers(loaded).running
    assert with_method(source, monkeypatch, calling(running)) == FED

    def outer(self: Any) -> Any:
        return with_method(source, monkeypatch, calling(running))

    assert with_method(loaded.app, monkeypatch, outer) == FED


def test_a_function_that_is_merely_given_a_plugin_is_no_method(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    running = makers(loaded).running

    def helper(plugin: Any) -> Any:
        return running(sys._getframe())

    assert with_method(loaded.app, monkeypatch, lambda self: helper(loaded.base)) == APP
    assert helper(loaded.base) is None


def test_code_of_other_files_does_not_count(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    none = Makers(loaded.app, (), (), "Build", shown(loaded))
    assert with_method(loaded.app, monkeypatch, calling(none.running)) is None


def test_what_a_variable_held_is_not_kept(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    running = makers(loaded).running

    def method(self: Any) -> tuple[Any, Any]:
        held = Held()
        gone = weakref.ref(held)
        maker = running(sys._getframe())
        del held
        return maker, gone()

    if sys.gettrace() is None and sys.getprofile() is None:  # these keep it
        assert with_method(loaded.app, monkeypatch, method) == (APP, None)


def test_variables_that_the_function_has_asked_for_stay(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    running = makers(loaded).running

    def method(self: Any) -> tuple[Any, list[str]]:
        asked = locals()
        maker = running(sys._getframe())
        return maker, sorted(asked)[-1:]

    assert with_method(loaded.app, monkeypatch, method) == (APP, ["self"])


@pytest.mark.parametrize("install", [sys.settrace, sys.setprofile])
def test_where_functions_are_traced_they_keep_their_variables(
    install: Callable[[Any], None], loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = makers(loaded).running
    told = []

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if frame.f_code.co_name == "method":
            told.append(running(frame))
        return trace

    def method(self: Any) -> str:
        text = "kept"
        return text + str(self.name)

    before = sys.gettrace() if install is sys.settrace else sys.getprofile()
    try:
        install(trace)
        result = with_method(loaded.app, monkeypatch, method)
    finally:
        install(before)
    assert result == "keptapp.bst"
    assert told
    assert set(told) == {APP}


def test_a_file_names_a_plugin_only_where_one_has_it(loaded: Loaded) -> None:
    found = Makers(loaded.app, (), (), "Build", shown(loaded))
    files = [str(loaded.build.project / "plugins" / name) for name in ("acts.py", "feeds.py", "other.py")]
    assert [found.by_file(Place(file, 1, "f")) for file in files] == [APP, FED, None]
    assert found.by_file(None) is None


def test_only_sources_run_where_sources_are_tracked_and_fetched(loaded: Loaded) -> None:
    found = [Makers(loaded.app, (), (), action, shown(loaded)).only() for action in ("Track", "Fetch", "Build", "Push")]
    assert found == [FED, FED, None, None]
