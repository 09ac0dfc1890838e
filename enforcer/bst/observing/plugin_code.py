"""What plugin code there is: classes with their lines, and the methods of theirs that BuildStream calls."""

from __future__ import annotations

import dis
import hashlib
import inspect
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from buildstream.element import Element
from buildstream.plugin import Plugin
from buildstream.source import Source
from buildstream.sourcemirror import SourceMirror

from enforcer.blame.code import classes_of, functions_inside, nested_code
from enforcer.bst.elements import names
from enforcer.bst.elements.core_code import is_file_of_buildstream
from enforcer.graph.values import class_dict, class_name, class_with_member, file_of
from enforcer.results.plugin_coverage import PLUGIN_TYPES, Method, PluginCode

# Read off BuildStream 2.5 to 2.8: who calls what, and where.
_IN_JOBS = frozenset(
    {"configure_sandbox", "stage", "assemble", "integrate"}
    | {"track", "fetch", "stage_directory", "get_source_fetchers", "validate_cache", "is_cached", "translate_url"}
)
_OUTSIDE_OF_JOBS = frozenset(
    {"configure", "configure_dependencies", "preflight", "get_unique_key", "generate_script"}
    | {"load_ref", "get_ref", "set_ref", "is_resolved", "collect_source_info"}
    | {"init_workspace", "init_workspace_directory"}
)
_FACTORY = frozenset({"setup"})
"""The function of a plugin's file that BuildStream calls when it loads the plugin."""

_DEFAULTS = (Plugin, Element, Source, SourceMirror)
"""The classes of which a method that is not overridden is no plugin's."""

Keys = dict[str, dict[int, str]]
"""For each file, by its own name, the key of the `PluginCode` that each line is in."""


class PluginCodes:
    """The code of the plugins of one run.

    Args:
        modules: the modules of plugins, and those beside them that they import.
        plugins: the plugin objects of the run.
        name_of: gives the name of a file, as messages have it.

    Attributes:
        code: by key.
        keys: see `Keys`.
        unread: the files, as messages name them, of which the text could not be read.
        files: the names of all files in which a method that BuildStream calls may run.
    """

    def __init__(
        self, modules: Iterable[types.ModuleType], plugins: Iterable[Any], name_of: Callable[[str], str]
    ) -> None:
        self.code: dict[str, PluginCode] = {}
        self.keys: Keys = {}
        self.unread: list[str] = []
        self.files: set[str] = set()
        # For each code of a method, by its id: whose method it is, by the id of the class of `self`.
        self._methods: dict[int, dict[int, tuple[str, str]]] = {}
        self._held: list[Any] = []  # what the ids are of
        kinds = {id(type(plugin)): str(object.__getattribute__(plugin, "_Plugin__kind")) for plugin in plugins}
        for module in modules:
            self._add_module(module, kinds, name_of)

    def method(self, code: types.CodeType, cls: type) -> tuple[str, str] | None:
        """The key of the plugin class `cls` and the name of its method that has this code, if there is one."""
        owners = self._methods.get(id(code))
        return None if owners is None else owners.get(id(cls))

    def is_method(self, code: types.CodeType) -> bool:
        """Whether this is the code of a method of some plugin class."""
        return id(code) in self._methods

    def _add_module(self, module: types.ModuleType, kinds: dict[int, str], name_of: Callable[[str], str]) -> None:
        file = file_of(module)
        if file is None:
            return
        shown = name_of(file)
        text = source_of(file)
        if text is None:
            self.unread.append(shown)
            return
        digest = hashlib.sha256(text).hexdigest()[:12]
        scopes = _scopes(compile(text, file, "exec", dont_inherit=True))
        classes = {class_name(cls): cls for cls in classes_of(module)}
        for name in {**dict.fromkeys(name for name, cls in classes.items() if id(cls) in kinds), **scopes}:
            cls, scope, key = classes.get(name), scopes.get(name, Scope()), f"{shown}:{name}:{digest}"
            code = PluginCode(
                name=names.module_name(module.__name__) + (f".{name}" if name else ""),
                type="",
                kind="",
                file=shown,
                bundled=is_file_of_buildstream(file),
                lines=tuple(sorted(scope.lines)),
                outside=tuple(sorted(scope.outside if not name or _type_of(cls) else ())),
            )
            if cls is not None and id(cls) in kinds:
                methods = tuple(self._methods_of(key, cls))
                code = replace(code, type=_type_of(cls), kind=kinds[id(cls)], methods=methods)
            # Each project loads a file anew: one class of it may be in use, and its twin not.
            if code.type or key not in self.code:
                self.code[key] = code
            self.keys.setdefault(file, {}).update(dict.fromkeys(scope.lines, key))
        self.files.add(file)

    def _methods_of(self, key: str, cls: type) -> Iterator[Method]:
        for name in sorted(_IN_JOBS | _OUTSIDE_OF_JOBS):
            base = class_with_member(cls, name)
            if base is None or any(base is default for default in _DEFAULTS):
                continue
            for function in functions_inside(class_dict(base)[name]):
                self._held.append((function.__code__, cls))
                self._methods.setdefault(id(function.__code__), {})[id(cls)] = (key, name)
                self.files.add(function.__code__.co_filename)
            yield Method(name, names.shown_class_name(base), name in _IN_JOBS)


def source_of(file: str) -> bytes | None:
    """The text of a Python file; None of one that is compiled, or not there any more."""
    try:
        return Path(file).read_bytes() if file.endswith(".py") else None
    except OSError:
        return None


def _type_of(cls: type | None) -> str:
    bases = (Element, Source, SourceMirror)
    found = (name for name, base in zip(PLUGIN_TYPES, bases, strict=True) if cls is not None and issubclass(cls, base))
    return next(found, "")


@dataclass
class Scope:
    """The lines of the functions of one class, or of no class; those that BuildStream calls outside of jobs."""

    lines: set[int] = field(default_factory=set)
    outside: set[int] = field(default_factory=set)


def _scopes(module: types.CodeType) -> dict[str, Scope]:
    """What functions there are, by the class at the top of the file that they are in, all others by an empty name."""
    found: dict[str, Scope] = {}
    for name, function in _functions(module, ""):
        scope = found.setdefault(name, Scope())
        lines = frozenset[int]().union(*map(lines_of, nested_code(function)))
        scope.lines |= lines
        if function.co_name in (_OUTSIDE_OF_JOBS if name else _FACTORY):
            scope.outside |= lines
    return found


def _functions(body: types.CodeType, scope: str) -> Iterator[tuple[str, types.CodeType]]:
    for code in body.co_consts:
        if not isinstance(code, types.CodeType) or code.co_name == "__annotate__":
            continue
        if code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<generic parameters"):
            yield scope, code
        else:
            yield from _functions(code, scope or code.co_name)


@cache
def lines_of(code: types.CodeType) -> frozenset[int]:
    """The lines of one function that are more than its head; that of a function on one line is all of it."""
    lines = frozenset(line for _, line in dis.findlinestarts(code) if line is not None)
    return lines - {code.co_firstlineno} or lines
