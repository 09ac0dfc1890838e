"""Which lines of code access an attribute, and by which name plugin code came there."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from sys import _getframe
from types import FrameType

from buildstream import _elementproxy, _frontend, _pluginproxy

import enforcer
from enforcer.blame.place import Place, place_of
from enforcer.bst.elements.file_names import FileNames
from enforcer.bst.observing import touches
from enforcer.bst.replicas import assignments
from enforcer.results.accesses import By
from enforcer.results.findings import Site

# A proxy hands each call on: the line that called the proxy is the one that did it.
_PROXIES = frozenset({_pluginproxy.__file__, _elementproxy.__file__})
# So does each hook, one after the other.
_HERE = os.path.dirname(__file__)
_PASSED_ON_BY = _PROXIES | {
    touches.__file__,
    assignments.__file__,
    *(os.path.join(_HERE, f"{name}.py") for name in ("hooks", "recording")),
}
_NOBODYS = tuple(os.path.join(os.path.dirname(str(package.__file__)), "") for package in (_frontend, enforcer))
"""What is here is no part of jobs: the frontend is main's alone where these are processes, and the rest is ours."""
_MANGLED = re.compile(r"_+[A-Za-z]\w*?__\w")


class Stacks:
    """Tells them.

    Args:
        file_names: how reports name files.
        files: the files of plugin code.
    """

    def __init__(self, file_names: FileNames, files: Collection[str]) -> None:
        self._file_names = file_names
        self._files = files
        self._sites: dict[Place, Site | None] = {}

    def by(self, frame: FrameType, above: FrameType | None) -> tuple[By, str | None]:
        """Whose line is at an attribute in `frame`, of the functions below `above`.

        Returns with it the name of the function that plugin code called, or of core's own where there is no plugin
        code; None where it named the attribute itself.
        """
        here: FrameType | None = frame
        called = frame.f_code.co_name
        while here is not None and here is not above:
            code = here.f_code
            if code.co_filename in self._files:
                plugin = self._site(here)
                return (By(plugin), None) if here is frame else (By(plugin, self._site(frame)), called)
            if code.co_filename not in _PROXIES and not code.co_name.startswith("<"):
                called = code.co_name
            here = here.f_back
        return By(None, self._site(frame)), _function(frame)

    def _site(self, frame: FrameType) -> Site | None:
        line = place_of(frame)
        if line not in self._sites:
            site = self._file_names.site_of(line)
            self._sites[line] = site and Site(site.file, site.line, site.function, site.code)
        return self._sites[line]


def _function(frame: FrameType) -> str:
    here: FrameType | None = frame
    while here is not None and here.f_code.co_name.startswith("<"):
        here = here.f_back
    return "" if here is None else here.f_code.co_name


def accessing() -> FrameType | None:
    """The function that accesses an attribute, of which hooks have told the caller; None where nobody asks for it."""
    frame: FrameType | None = _getframe(1)
    while frame is not None and frame.f_code.co_filename in _PASSED_ON_BY:
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename.startswith(_NOBODYS):
        return None
    return frame


def way_of(name: str) -> str:
    """How an attribute or method of this name is come by; one of `enforcer.results.accesses.WAYS`."""
    if name.startswith("__") and name.endswith("__"):
        return "public"
    if name.startswith("__") or _MANGLED.match(name):
        return "mangled"
    return "underscore" if name.startswith("_") else "public"
