"""Whether anything at all changed in many cells: one pass by identity, in a few loops that run in C.

It says only yes or no, and may say "changed" where nothing did (an equal dictionary in the place of
another); the kinds look more closely then. No change that a kind sees escapes it:

* Where the words of memory in which a dictionary has its version, or an object its class or `__dict__`, can be read
  (`enforcer.graph.words`), these are compared. What follows is for all else.
* A container that is known is read through the collector (`gc.get_referents`), all in one call. Their sizes
  are compared one by one, for `{1: a}, {}` and `{}, {1: a}` hold the same objects in the same order.
* So is a function, of which more counts then than its code and defaults. To ask it for these is an event for each
  audit hook, and there is one of ours (`enforcer.bst.observing.events`).
* A container that can be replaced (a `__dict__`, what a node wraps) must be the one that was read.
* The collector visits every key that is no plain string, so a dictionary that shows it just its values has
  plain strings for keys: only then are keys compared by `==`, which is much faster than one by one.

Only methods of exact built-in types run: what derives from them is left to its kind.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from gc import get_referents
from itertools import chain, repeat
from operator import attrgetter, is_
from typing import Any

from enforcer.graph import kinds, words
from enforcer.graph.kinds import Kind, Probe
from enforcer.graph.some_entries import CURRENT_DICT, CURRENT_LIST, PART, Current, PartOf, PartsPass
from enforcer.graph.values import class_dict

_instance_dict = object.__getattribute__
# Safe for exact functions only, where it runs no lookup that somebody wrote.
_function_dict = attrgetter("__dict__")


class QuickPass:
    """What the cells of `groups`, (kind, objects) pairs, hold now, to be compared again and again."""

    def __init__(self, groups: Iterable[tuple[Kind, Sequence[Any]]]) -> None:
        # Where the words are that tell, and the objects that they are part of: only these keep them readable.
        self._places: list[int] = []
        self._kept: list[Any] = []
        # Exact containers that hold nothing; those that hold something; the dictionaries among these.
        self._empty: list[Any] = []
        self._full: list[Any] = []
        self._plain: list[dict[str, Any]] = []
        # Keys and values of the other dictionaries, in turn: they stay up to date.
        self._views: list[Any] = []
        # Objects of which one thing counts: what they hold, their class, their `__dict__`.
        self._single: list[Any] = []
        self._typed: list[Any] = []
        self._instances: list[Any] = []
        # Functions, and those of which the `__dict__` is asked for.
        self._functions: list[types.FunctionType] = []
        self._function_dicts: list[types.FunctionType] = []
        self._parts: list[PartOf] = []
        # What finds containers, and those that it found.
        self._finds: list[Callable[[], Any]] = []
        self._found: list[Any] = []
        # What tells that nothing can have changed of some probes, and what it told.
        self._versions: dict[int, Callable[[], object]] = {}
        self._rest: list[tuple[Kind, list[Any], list[Any], list[int]]] = []
        for kind, objects in groups:
            if kind is PART:
                self._parts += objects
                continue
            if kind is CURRENT_LIST or kind is CURRENT_DICT:
                objects = self._sort_current(kind, objects)
            if kind is kinds.PROBE:
                objects = self._sort_probes(objects)
            left = [obj for obj in objects if not self._sort(kind, obj)]
            if left:
                self._rest.append((kind, left, list(kind.flow(left)), kind.sizes(left)))
        self._take()

    def _take(self) -> None:
        self._words = words.Words(self._places)
        self._told = [version() for version in self._versions.values()]
        self._parts_pass = PartsPass(self._parts)
        del self._places
        self._sized = [*self._full, *self._views[::2]]
        self._sizes = list(map(len, self._sized))
        self._keys = list(chain.from_iterable(self._plain))
        self._held = get_referents(*self._full, *self._functions)
        single = get_referents(*self._single)
        self._single_size = len(single)
        self._others = list(self._flow(single))
        self._attributes = list(map(_function_dict, self._function_dicts))

    def unchanged(self) -> bool:
        """Whether all cells hold exactly the objects that they held."""
        if not self._words.unchanged() or [version() for version in self._versions.values()] != self._told:
            return False
        # The keys are read before the collector shows that they are plain strings: a thread that a
        # job left may write meanwhile.
        keys = list(chain.from_iterable(self._plain))
        held, single = get_referents(*self._full, *self._functions), get_referents(*self._single)
        if any(self._empty) or len(held) != len(self._held) or len(single) != self._single_size:
            return False
        if list(map(len, self._sized)) != self._sizes or keys != self._keys:
            return False
        if not all(map(is_, held, self._held)) or not all(map(is_, self._flow(single), self._others)):
            return False
        if not all(map(is_, map(_function_dict, self._function_dicts), self._attributes)):
            return False
        if not self._parts_pass.unchanged() or not all(map(is_, [find() for find in self._finds], self._found)):
            return False
        return all(kind.unchanged(objects, flat, sizes) for kind, objects, flat, sizes in self._rest)

    def _flow(self, single: list[Any]) -> Iterable[Any]:
        dicts = map(_instance_dict, self._instances, repeat("__dict__"))
        return chain(single, map(type, self._typed), dicts, chain.from_iterable(self._views))

    def _sort_probes(self, objects: Sequence[Probe]) -> list[Probe]:
        """Read the versions of those that have one; returns the others."""
        versions = [probe.version for probe in objects if probe.version is not None]
        self._versions.update((id(version), version) for version in versions)
        return [probe for probe in objects if probe.version is None]

    def _sort_current(self, kind: Kind, objects: Sequence[Current]) -> list[Current]:
        """Read what these lead to now; returns those that lead to no exact container."""
        left = []
        for current in objects:
            found = current.find()
            if type(found) is (list if kind is CURRENT_LIST else dict):
                self._finds.append(current.find)
                self._found.append(found)
                self._sort(kinds.LIST if kind is CURRENT_LIST else kinds.DICT, found)
            else:
                left.append(current)
        return left

    def _sort(self, kind: Kind, obj: Any) -> bool:
        """Put `obj` where it is read; False where only its kind can."""
        if kind is kinds.TYPE:
            self._add_type(obj)
        elif kind is kinds.INSTANCE:
            self._add_instance(obj, _instance_dict(obj, "__dict__"))
        elif kind is kinds.FUNCTION:
            self._add_function(obj)
        elif kind is kinds.DICT:
            self._add_dict(obj)
        elif kind is kinds.CLASS:
            self._add_dict(*get_referents(class_dict(obj)))
        elif kind is kinds.CLASS_FIELDS:
            return self._add_class_fields(kind, obj)
        elif kind is kinds.WRAPPED_DICT or kind is kinds.WRAPPED_LIST or kind is kinds.CLOSURE_CELL:
            return self._add_single(kind, obj)
        elif any(kind is known and type(obj) is exact for known, exact in _EXACT):
            (self._full if obj else self._empty).append(obj)
        else:
            return False
        return True

    def _add_type(self, obj: Any) -> None:
        if words.AVAILABLE:
            self._watch(obj, words.class_place(obj))
        else:
            self._typed.append(obj)

    def _add_instance(self, obj: Any, mapping: dict[str, Any]) -> None:
        if not self._add_place(words.dict_place, obj, mapping):
            (self._function_dicts if type(obj) is types.FunctionType else self._instances).append(obj)
        self._add_dict(mapping)

    def _add_function(self, function: types.FunctionType) -> None:
        places = words.function_places(function) if words.AVAILABLE else []
        for place in places:
            self._watch(function, place)
        if not places:
            self._functions.append(function)

    def _add_class_fields(self, kind: Kind, cls: type) -> bool:
        found = [words.class_field_places(cls, field) for _, field in kind.contents(cls)] if words.AVAILABLE else []
        for place in chain.from_iterable(found):
            self._watch(cls, place)
        return bool(found) and all(found)

    def _add_place(self, find: Callable[[Any, Any], int | None], obj: Any, held: Any) -> bool:
        """Read the word in which `obj` has the pointer to `held`, if that can be found."""
        place = find(obj, held) if words.AVAILABLE else None
        if place is not None:
            self._watch(obj, place)
        return place is not None

    def _watch(self, obj: Any, place: int) -> None:
        self._places.append(place)
        self._kept.append(obj)

    def _add_dict(self, mapping: dict[Any, Any]) -> None:
        if words.AVAILABLE:
            self._watch(mapping, words.version_place(mapping))
            return
        size = dict.__len__(mapping)
        if type(mapping) is dict and size == 0:
            self._empty.append(mapping)
        elif type(mapping) is dict and _shows_values_in_order(mapping):
            self._plain.append(mapping)
            self._full.append(mapping)
        else:
            self._views += (dict.keys(mapping), dict.values(mapping))

    def _add_single(self, kind: Kind, obj: Any) -> bool:
        """An object that holds one other, and nothing else."""
        held = get_referents(obj)
        if len(held) != 1:
            return False
        if not self._add_place(words.pointer_place, obj, held[0]):
            self._single.append(obj)
        if kind is kinds.CLOSURE_CELL:
            return True
        if kind is kinds.WRAPPED_DICT:
            self._add_dict(held[0])
            return True
        return self._sort(kinds.LIST, held[0])


# Classes are compared by `is`: a metaclass may have an `__eq__` of its own.
_EXACT = ((kinds.LIST, list), (kinds.SET, set), (kinds.DEQUE, deque))


def _shows_values_in_order(mapping: dict[Any, Any]) -> bool:
    """Whether the collector visits the values only, in the order of the keys.

    The dictionary of an instance may keep its values in the order that another instance of the class began.
    Should it give that up for its own order, then names and values would match as before although two
    were swapped.
    """
    held = get_referents(mapping)
    return len(held) == len(mapping) and all(map(is_, held, mapping.values()))
