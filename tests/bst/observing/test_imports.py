"""Modules are taken up when the import of all that they import is over."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

from enforcer.bst import patches
from enforcer.bst.observing import imports
from tests.bst.builds import Build


class Graph:
    """What takes modules up."""

    def __init__(self) -> None:
        self.loaded_aside: list[tuple[types.ModuleType, str | None]] = []


@pytest.fixture
def graph() -> Iterator[Graph]:
    graph: Any = Graph()
    take_off = patches.put_on(SourceFileLoader, "exec_module", lambda original: imports.noting(original, lambda: graph))
    try:
        yield graph
    finally:
        take_off()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "acme_outer.py").write_text("import acme_inner\nacme_inner.TABLE['outer'] = 1\n")
    (tmp_path / "acme_inner.py").write_text("TABLE = {}\n")
    (tmp_path / "acme_failing.py").write_text("import acme_inner\nraise ImportError('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("acme_outer", "acme_inner", "acme_failing"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def _loaded(graph: Graph) -> list[tuple[str, str | None]]:
    return [(module.__name__, importer) for module, importer in graph.loaded_aside]


def test_what_imports_comes_before_what_it_imports_each_with_the_file_that_did(graph: Graph, folder: Path) -> None:
    importlib.import_module("acme_outer")
    assert _loaded(graph) == [("acme_outer", __file__), ("acme_inner", str(folder / "acme_outer.py"))]


def test_what_was_loaded_before_an_import_failed_is_taken_up(graph: Graph, folder: Path) -> None:
    with pytest.raises(ImportError, match="no"):
        importlib.import_module("acme_failing")
    assert _loaded(graph) == [("acme_inner", str(folder / "acme_failing.py"))]


LATE = """
import sys
TABLE = {}
class Entry:
    NAMES = []
"""


def test_what_a_later_job_writes_on_a_module_that_an_earlier_one_imported_is_found(build: Build) -> None:
    (build.project / "plugins/_late.py").write_text(LATE)
    build.element("first", "from . import _late", "base")
    build.element("second", "from . import _late; _late.Entry.NAMES.append(1)", "first")
    ran = build.enforced("build", "second.bst")
    assert [(v["rule"], v["owner"]["name"], v["path"]) for v in ran.report["violations"]] == [
        ("class-write", "_late.Entry", "NAMES[0]")
    ]
