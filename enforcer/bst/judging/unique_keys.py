"""The unique keys of a job's element and of its sources, asked for once more when its action is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from buildstream import _cachekey

from enforcer.blame.code import functions_inside, nested_code
from enforcer.blame.place import Place
from enforcer.bst.elements import names
from enforcer.bst.elements.core_code import is_file_of_buildstream
from enforcer.bst.elements.file_names import FileNames
from enforcer.bst.elements.parts import sources_of
from enforcer.bst.observing.touches import Touches
from enforcer.graph.values import class_dict, class_mro, class_name, vars_of
from enforcer.results.findings import Owner
from enforcer.rules import evidence as rules

_METHOD = "get_unique_key"


class UniqueKeys:
    """The unique keys that the cache keys of an element and of its sources were made of."""

    def __init__(self, element: Any, file_names: FileNames) -> None:
        self._element = element
        self._file_names = file_names
        key_dict = vars_of(element).get("_Element__cache_key_dict")
        self._element_key = None if key_dict is None else _digest(key_dict["element-plugin-key"])
        self._source_keys = [
            (index, source, source._key) for index, source in enumerate(sources_of(element)) if source._key is not None
        ]

    def are_made_by_core(self) -> bool:
        """Whether BuildStream's own code makes all of them: to ask it has no effect that anybody could notice."""
        plugins = [self._element, *(source for _, source, _ in self._source_keys)]
        return all(map(_is_made_by_core, plugins))

    def drifts(self, touches: Touches) -> tuple[rules.Drift, ...]:
        """Ask for all keys again; runs plugin code. `touches` are those of the job."""
        drifted = [(plugin, drift) for plugin, drift in list(self._asked()) if drift.before != drift.after]
        return tuple(self._blamed(plugin, drift, touches) for plugin, drift in drifted)

    def _asked(self) -> Iterator[tuple[Any, rules.Drift]]:
        name = names.full_name(self._element)
        if self._element_key is not None:
            now = _ask(self._element.get_unique_key)
            yield self._element, rules.Drift(Owner("element", name), f"{_METHOD}()", self._element_key, now)
        for index, source, before in self._source_keys:
            path, now = f"sources[{index}].{_METHOD}()", _ask(source._get_unique_key)
            yield source, rules.Drift(Owner("source", name), path, before, now)

    def _blamed(self, plugin: Any, drift: rules.Drift, touches: Touches) -> rules.Drift:
        place = _last_assignment(plugin, touches)
        return replace(drift, site=self._file_names.site_of(place), maker=touches.makers.of_own(plugin, place))


def _last_assignment(plugin: Any, touches: Touches) -> Place | None:
    """The last line that assigned to an attribute of which the plugin makes its key."""
    codes = [code for function in functions_inside(_method_of(plugin)) for code in nested_code(function.__code__)]
    named = {name for code in codes for name in code.co_names}
    places = [place for name, place in touches.assigned(plugin).items() if name in named]
    return places[-1] if places else None


def _method_of(plugin: Any) -> Any:
    spaces = (class_dict(cls) for cls in class_mro(type(plugin)))
    return next((space[_METHOD] for space in spaces if _METHOD in space), None)


def _is_made_by_core(plugin: Any) -> bool:
    files = [function.__code__.co_filename for function in functions_inside(_method_of(plugin))]
    return _METHOD not in vars_of(plugin) and bool(files) and all(map(is_file_of_buildstream, files))


def _ask(get_unique_key: Callable[[], Any]) -> str:
    """The digest of the key; a plugin that cannot tell it any more has another one, and its job goes on."""
    try:
        return _digest(get_unique_key())
    except BaseException as error:  # of a plugin, and nothing waits for it
        return f"raised {class_name(type(error))}"


def _digest(key: Any) -> str:
    return str(_cachekey.generate_key(key))
