"""Every private name of BuildStream's that our code uses is looked up before anything is watched."""

from __future__ import annotations

import ast
import dis
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from buildstream.plugin import Plugin

import enforcer
from enforcer.bst import required
from enforcer.bst.replicas.pickling import LOCAL_ATTRIBUTES
from enforcer.errors import UnsupportedError

_MANGLED = re.compile(r"_([A-Z][A-Za-z]*)__([a-z]\w*)")
_NOT_BUILDSTREAMS = {
    "_ARCHIVE_FORMATS": "shutil",
    "_UNPACK_FORMATS": "shutil",
    "_actual_context": "multiprocessing",
    "_args": "threading",
    "_before": "ours, in __slots__",
    "_cache": "logging",
    "_candidate_tempdir_list": "tempfile",
    "_clear_cache": "logging",
    "_config": "multiprocessing",
    "_copy": "ours, in __slots__",
    "_count": "ours: what a phase counts otherwise",
    "_create_default_https_context": "ssl",
    "_create_stdlib_context": "ssl",
    "_current_context": "coverage",
    "_current_domain": "gettext",
    "_current_process": "multiprocessing",
    "_data": "coverage, os.environ",
    "_default_context": "multiprocessing",
    "_default_executor": "asyncio",
    "_dirty_len": "weakref",
    "_disable": "logging",
    "_event_loop_policy": "asyncio",
    "_exit": "os",
    "_fd": "multiprocessing",
    "_file": "the end of public names of a remote's settings",
    "_filters_mutated": "warnings",
    "_fmt": "logging",
    "_forkserver": "multiprocessing",
    "_forkserver_address": "multiprocessing",
    "_forkserver_alive_fd": "multiprocessing",
    "_forkserver_pid": "multiprocessing",
    "_frozen_importlib": "importlib",
    "_heap": "multiprocessing",
    "_http_vsn": "http.client",
    "_http_vsn_str": "http.client",
    "_ident": "threading",
    "_inner": "ours: what a trace function calls",
    "_inst": "random",
    "_io": "io",
    "_iterating": "weakref",
    "_known": "ours, in __slots__",
    "_last": "ours, in __slots__",
    "_left": "ours, in __slots__",
    "_levelToName": "logging",
    "_localedirs": "gettext",
    "_logRecordFactory": "logging",
    "_loggerClass": "logging",
    "_lru_cache_wrapper": "functools",
    "_method_cache": "functools",
    "_missing_": "enum",
    "_name": "multiprocessing",
    "_nameToLevel": "logging",
    "_namespace_map": "xml.etree",
    "_ncallbacks": "atexit",
    "_new_threads": "ours: what is handed to new threads",
    "_number": "ours, in __slots__",
    "_opener": "urllib.request",
    "_pending_removals": "weakref",
    "_pid": "multiprocessing",
    "_popen": "multiprocessing",
    "_profile_hook": "threading",
    "_pytest": "pytest",
    "_replace": "NamedTuple",
    "_resource_tracker": "multiprocessing",
    "_showwarnmsg": "warnings",
    "_showwarnmsg_impl": "warnings",
    "_slotnames": "copyreg",
    "_target": "threading",
    "_threads": "concurrent.futures",
    "_trace_hook": "threading",
    "_update": "ours, in __slots__",
    "_weakrefset": "weakref",
    "_work_queue": "concurrent.futures",
}
_OPTIONAL = {
    "buildstream._frontend.status:_StatusHeader": "without it there is no live count",
    "_overlap_collectors": "since 2.6; told from an attribute of a plugin's own by its name, never read",
}


class _Uses(ast.NodeVisitor):
    """What one file of ours names of BuildStream's: imports as seams, other private names bare."""

    def __init__(self, tree: ast.Module) -> None:
        self.seams: set[str] = set()
        self.names: set[str] = set()
        self._modules: dict[str, str] = {}
        self._ours = _defined(tree)
        # Imports first: functions above them use them too.
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "buildstream":
                self._import(node.module or "", node.names)
        self.visit(tree)

    def _import(self, module: str, names: list[ast.alias]) -> None:
        for alias in names:
            if module == "buildstream" and alias.name.startswith("_") and not alias.name.startswith("__"):
                self._modules[alias.asname or alias.name] = f"{module}.{alias.name}"
            elif "._" in module or _is_private(alias.name):
                self.seams.add(f"{module}:{alias.name}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        on = node.value.id if isinstance(node.value, ast.Name) else None
        if on in self._modules:
            if not node.attr.startswith("__"):
                self.seams.add(f"{self._modules[on]}:{node.attr}")
        elif _is_private(node.attr) and node.attr not in self._ours and on not in ("self", "cls"):
            self.names.add(node.attr)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring names, but uses nothing
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.names.update(match.group() for match in _MANGLED.finditer(node.value))
            if node.value.isidentifier() and _is_private(node.value) and not node.value.endswith("_"):
                self.names.add(node.value)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _defined(tree: ast.Module) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    defined = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    stores = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return defined | {node.attr for node in stores if isinstance(node.value, ast.Name) and node.value.id == "self"}


def _uses() -> Iterator[_Uses]:
    for path in Path(*enforcer.__path__, "bst").rglob("*.py"):
        if path.name != "required.py":
            yield _Uses(ast.parse(path.read_text("utf-8")))


def _names() -> set[str]:
    return {name for uses in _uses() for name in uses.names} | LOCAL_ATTRIBUTES


def test_every_private_name_that_our_code_uses_is_a_seam() -> None:
    known = {re.split(r"[.:]", seam)[-1] for seam in required.SEAMS}
    assert sorted(_names() - known - set(_NOT_BUILDSTREAMS) - set(_OPTIONAL)) == []


def test_every_mangled_name_is_a_seam_of_its_own_class() -> None:
    mangled = {(match[1], match[0]) for name in _names() if (match := _MANGLED.fullmatch(name))}
    assert len(mangled) > 20, "they are found"
    known = {(re.split(r"[.:(]", seam.partition(":")[2])[0], re.split(r"[.:]", seam)[-1]) for seam in required.SEAMS}
    assert sorted(mangled - known) == []


def test_everything_that_our_code_imports_from_private_modules_is_a_seam() -> None:
    seams = {seam for uses in _uses() for seam in uses.seams} - set(_OPTIONAL)
    assert len(seams) > 30, "they are found"
    known = {re.match(r"[^:]+:\w+", seam).group() for seam in required.SEAMS}  # type: ignore[union-attr]
    known |= {":".join(seam.partition(":")[0].rsplit(".", 1)) for seam in required.SEAMS}  # modules that are imported
    assert sorted(seams - known) == []


def test_the_exceptions_are_used() -> None:
    used = {name for uses in _uses() for name in uses.names | uses.seams}
    assert sorted({*_NOT_BUILDSTREAMS, *_OPTIONAL} - used) == []
    assert sorted(set(_NOT_BUILDSTREAMS) & {re.split(r"[.:]", seam)[-1] for seam in required.SEAMS}) == []


@pytest.mark.parametrize("name", ["_Plugin__context", "_Plugin__project", "_Plugin__kind", "_Plugin__full_name"])
def test_an_instance_attribute_that_has_another_name_is_missed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As in a BuildStream that calls it something else."""
    for function in vars(Plugin).values():
        code = getattr(function, "__code__", None)
        if code is not None and name in code.co_names:
            renamed = tuple("_Plugin__other" if used == name else used for used in code.co_names)
            monkeypatch.setattr(function, "__code__", code.replace(co_names=renamed))
    assert required.missing() == [f"buildstream.plugin:Plugin().{name}"]
    with pytest.raises(UnsupportedError, match=re.escape(f"Plugin().{name}")):
        required.check_buildstream()


class _Holder:
    def __init__(self) -> None:
        self._set = 0

        def inner() -> None:
            self._set_inside = 1

        inner()

    @property
    def shown(self) -> Any:
        self._memo = self._only_read  # type: ignore[attr-defined]
        return self._memo

    @classmethod
    def made(cls) -> _Holder:
        made = cls()
        made._given = 1  # type: ignore[attr-defined]
        return made


@pytest.mark.parametrize(
    ("name", "exists"),
    [("_set", True), ("_set_inside", True), ("_memo", True), ("_given", True), ("_only_read", False), ("made", False)],
)
def test_an_instance_has_what_its_methods_set_and_not_what_they_only_read(name: str, exists: bool) -> None:
    assert required._exists(f"{__name__}:_Holder().{name}", required._set_by_methods) is exists


def test_what_methods_set_is_read_as_the_disassembler_reads_it() -> None:
    def told(code: CodeType) -> set[str]:
        nested = [told(const) for const in code.co_consts if isinstance(const, CodeType)]
        return {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR"}.union(*nested)

    many = "\n".join(f"self.name_{number} = self" for number in range(300))
    codes = [compile(many, "many", "exec")]
    codes += [function.__code__ for member in vars(Plugin).values() for function in required._functions(member)]
    assert [required._stored(code) for code in codes] == [told(code) for code in codes]
    assert len(required._stored(codes[0])) == 300
