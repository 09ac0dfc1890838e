"""Paths and values as a plugin author would write them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, cast

from buildstream._context import Context
from buildstream._pluginproxy import PluginProxy
from buildstream._project import Project
from buildstream.element import Element
from buildstream.node import Node
from buildstream.plugin import Plugin
from buildstream.source import Source

from enforcer.graph.show import show
from enforcer.graph.values import file_of, full_class_name, module_of, readable, vars_of

# Private attributes of the core that a plugin author knows by another name.
_PUBLIC_NAMES = (
    (re.compile(r"^\._Element__environment\b"), "environment"),
    (re.compile(r"^\._Element__(?:dynamic_)?public\b"), "public"),
    (re.compile(r"^\._Element__sources\b"), "sources"),
)


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
        return f"<{_plugin_text(value)}>"
    if issubclass(kind, Node):
        return show(cast(Node, value).strip_node_info(), describe)
    if issubclass(kind, Project):
        return f"<project {object.__getattribute__(value, 'name')}>"
    if issubclass(kind, Context):
        return "<context>"
    return None


def _plugin_text(plugin: Any) -> str:
    kind = type(plugin)
    if issubclass(kind, Element):
        return f"element {full_name(plugin)}"
    if not issubclass(kind, Source):
        return mirror_name(plugin)
    index = vars_of(plugin).get("_Source__element_index")
    return f"source {full_name(plugin)}" + ("" if index is None else f" sources[{index}]")


def in_words(error: BaseException, say: Callable[[BaseException], str] = repr) -> str:
    """What an exception says of itself, or its class where that fails: a plugin may have written it."""
    try:
        return readable(say(error))
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
    """A module as a message names it: what stands beside a plugin by its name from there, else its dotted name."""
    return readable(name)


def shown_class_name(cls: type) -> str:
    """`my_kind.MyElement`, `buildstream.element.Element`."""
    return full_class_name(cls)


def plugin_file(cls: type) -> str | None:
    """The file that defines a plugin class."""
    return file_of(sys.modules.get(module_of(cls)))
