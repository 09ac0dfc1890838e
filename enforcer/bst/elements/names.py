"""Paths and values as a plugin author would write them."""

from __future__ import annotations

import linecache
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

from buildstream._context import Context
from buildstream._pluginproxy import PluginProxy
from buildstream._project import Project
from buildstream.element import Element
from buildstream.node import Node
from buildstream.plugin import Plugin

from enforcer.blame.place import Place
from enforcer.graph.show import show
from enforcer.graph.values import file_of, module_of, qualified_name, vars_of
from enforcer.results.findings import Site

# Private attributes of the core that a plugin author knows by another name.
_PUBLIC_NAMES = (
    (re.compile(r"^\._Element__environment\b"), "environment"),
    (re.compile(r"^\._Element__(?:dynamic_)?public\b"), "public"),
    (re.compile(r"^\._Element__sources\b"), "sources"),
)

_AROUND = 3
"""How many lines of a file are shown before and after the one that matters."""


def public_path(raw: str) -> str:
    """`._Element__environment['CC']` as `environment['CC']`; a private name where there is no public one."""
    for pattern, name in _PUBLIC_NAMES:
        raw, replaced = pattern.subn(name, raw)
        if replaced:
            break
    return raw.lstrip(".")


def describe(value: object) -> str | None:
    """The text of BuildStream's own objects, or None for any other."""
    kind = type(value)  # not isinstance: it asks `__class__`, which may be a plugin's property
    if issubclass(kind, PluginProxy):
        return f"<proxy of {full_name(object.__getattribute__(value, '_plugin'))}>"
    if issubclass(kind, Plugin):
        return f"<{'element' if issubclass(kind, Element) else 'source'} {full_name(value)}>"
    if issubclass(kind, Node):
        return show(cast(Node, value).strip_node_info(), describe)
    if issubclass(kind, Project):
        return f"<project {object.__getattribute__(value, 'name')}>"
    if issubclass(kind, Context):
        return "<context>"
    return None


def value_text(value: object) -> str:
    """The text of any value that a message shows."""
    return show(value, describe)


def in_words(error: BaseException, say: Callable[[BaseException], str] = repr) -> str:
    """What an exception says of itself, or its class where that fails: a plugin may have written it."""
    try:
        return say(error)
    except Exception:
        return f"{shown_class_name(type(error))}, which cannot be printed"


def full_name(plugin: Any) -> str:
    """The junction-qualified name of a plugin, without running code of its class."""
    try:
        return str(object.__getattribute__(plugin, "_Plugin__full_name"))
    except AttributeError:
        return "half-built plugin"


def mirror_name(mirror: Any) -> str:
    """A source mirror as the path to its state begins."""
    return f"mirrors['{vars_of(mirror).get('name')}']"


def module_name(name: str) -> str:
    """A module as a message names it: the file's stem for a plugin that BuildStream loaded, else its dotted name."""
    return name.rsplit(".", 1)[-1] if name.startswith("pluginbase.") else name


def shown_class_name(cls: type) -> str:
    """`my_kind.MyElement`, `buildstream.element.Element`."""
    return f"{module_name(module_of(cls))}.{qualified_name(cls)}"


def shown_file(filename: str, project_directory: str | None) -> str:
    """A file relative to the project, else to the installed packages, else its name alone: never a machine's path."""
    path = Path(filename)
    if project_directory is not None and path.is_relative_to(project_directory):
        return str(path.relative_to(project_directory))
    for folder in map(Path, sorted(filter(None, sys.path), key=len, reverse=True)):
        if path.is_relative_to(folder) and folder.is_absolute():
            return f"<site-packages>/{path.relative_to(folder)}"
    return path.name


def shown_in_any(filename: str, project_directories: Iterable[str]) -> str:
    """A file relative to the innermost of the projects that it is in, else as `shown_file` gives it."""
    around = [directory for directory in project_directories if Path(filename).is_relative_to(directory)]
    return shown_file(filename, max(around, key=len, default=None))


def shown_files(files: Iterable[str], project_directories: Iterable[str]) -> set[tuple[str, str]]:
    """How messages name these files, and where they are; without those that are merely installed."""
    own = [file for file in files if not is_installed(file)]
    directories = list(project_directories)
    return {(shown_file(file, directory), os.path.abspath(file)) for file in own for directory in directories}


def is_installed(file: str) -> bool:
    """Whether the file came with an installed package, and is nobody's checkout."""
    return bool({"site-packages", "dist-packages"} & {*Path(file).parts})


def site_of(place: Place | None, project_directory: str | None) -> Site | None:
    """The place in a source file, if there is one, with the text of its line and of those around it."""
    if place is None:
        return None
    filename, line, function = place
    start = max(line - _AROUND, 1)
    lines = linecache.getlines(filename)[start - 1 : line + _AROUND]
    return Site(
        shown_file(filename, project_directory),
        line,
        function,
        code=linecache.getline(filename, line).strip(),
        context=tuple(dedent("".join(lines).expandtabs(4)).splitlines()),
        context_start=start,
        real=filename,
    )


def plugin_file(cls: type) -> str | None:
    """The file that defines a plugin class."""
    return file_of(sys.modules.get(module_of(cls)))
