"""The writes that BuildStream's own core makes outside of a job's element, by name, each with its reason.

They are lazy and idempotent: every job that fills one would fill in the same. So a fill is
accepted and counted, never a violation; but only when it is what core itself would fill in.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from buildstream._elementproxy import ElementProxy
from buildstream.element import Element
from buildstream.node import MappingNode, SequenceNode

from enforcer.bst.elements.run_graph import root_of
from enforcer.bst.observing.locks import is_plain_lock
from enforcer.graph.compare import ABSENT, ADDED, Change
from enforcer.graph.kinds import DICT, ORDERED_DICT
from enforcer.graph.values import full_class_name

if TYPE_CHECKING:
    from enforcer.results.findings import Job


class Fill(NamedTuple):
    """One listed write: the name that reports count it under, why it is harmless, and what recognises it."""

    name: str
    reason: str
    matches: Callable[[Change, Job], bool]


def fill_of(change: Change, job: Job) -> Fill | None:
    """The listed core write that `change` is, or None."""
    return next((fill for fill in FILLS if fill.matches(change, job)), None)


def _is_attribute(change: Change, cls: type, name: str) -> bool:
    cell = change.cell
    return cell.parent is None and isinstance(cell.obj, cls) and change.name == name


def _is_inside(change: Change, cls: type, name: str) -> bool:
    """Whether the changed cell lies below attribute `name` of a root of class `cls`."""
    cell = change.cell
    while cell.parent is not None and cell.parent.parent is not None:
        cell = cell.parent
    return cell.parent is not None and isinstance(cell.parent.obj, cls) and cell.name == name


def _new_proxy(change: Change, job: Job) -> bool:
    if not _is_inside(change, Element, "_Element__proxies") or change.change != ADDED:
        return False
    if type(change.after) is not ElementProxy:
        return False
    element = root_of(change.cell).obj
    attributes = object.__getattribute__(change.after, "__dict__")
    return attributes.get("_plugin") is element and attributes.get("_owner") is change.name


def _memo(name: str, refill: Callable[[Any], Any]) -> Callable[[Change, Job], bool]:
    """A memo of an element that was None and now holds what `refill` computes again."""

    def matches(change: Change, job: Job) -> bool:
        if not _is_attribute(change, Element, name) or change.before is not None:
            return False
        element, after = change.cell.obj, change.after
        object.__setattr__(element, name, None)
        try:
            expected = refill(element)
        finally:
            object.__setattr__(element, name, after)
        return bool(_plain(expected) == _plain(after))

    return matches


def _plain(value: Any) -> Any:
    """Nodes and patterns as data that compares."""
    if isinstance(value, (MappingNode, SequenceNode)):
        return value.strip_node_info()
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return getattr(value, "pattern", value)


def _refill_public(element: Any) -> Any:
    return element._Element__artifact.load_public_data()


def _refill_splits(element: Any) -> Any:
    element._Element__init_splits()
    return element._Element__splits


def _refill_whitelist(element: Any) -> Any:
    element._file_is_whitelisted("")
    return element._Element__whitelist_regex


def _project_refs_entry(change: Change, job: Job) -> bool:
    """An empty place for the job's own sources in project.refs, or the way to it."""
    if job.action != "Track" or change.unit.kind != "project" or change.change != ADDED:
        return False
    return change.raw_path().startswith((".refs.", ".junction_refs.")) and _is_empty_tree(change.after)


def _is_empty_tree(value: Any) -> bool:
    def empty(plain: Any) -> bool:
        if isinstance(plain, dict):
            return all(map(empty, plain.values()))
        return isinstance(plain, list) and all(map(empty, plain))

    return isinstance(value, (MappingNode, SequenceNode)) and empty(value.strip_node_info())


def _interpreter_memo(change: Change, job: Job) -> bool:
    """What Python itself keeps on a module or class when it first warns, pickles or looks there."""
    return change.cell.parent is None and change.unit.shared and change.name in _INTERPRETER_NAMES


_INTERPRETER_NAMES = frozenset(
    {
        "__abstractmethods__",
        "__annotate_func__",
        "__annotations__",
        "__annotations_cache__",
        "__slotnames__",
        "__warningregistry__",
    }
)


def _lazy_submodule(change: Change, job: Job) -> bool:
    """A submodule that was imported during the job, bound on its package by the import system."""
    package, module = change.cell.obj, change.after
    return (
        change.cell.parent is None
        and change.change == ADDED
        and type(package) is type(module) is types.ModuleType
        and module.__name__ == f"{package.__name__}.{change.name}"
    )


def is_lock_in_table(change: Change, job: Job) -> bool:
    """A lock that a plugin adds to a table of locks, so that the jobs of this process exclude each other."""
    return (
        change.unit.shared
        and change.cell.kind in (DICT, ORDERED_DICT)
        and change.change == ADDED
        and is_plain_lock(change.after)
    )


def _named(path: str) -> Callable[[Change, Job], bool]:
    """A memo in a module, class or the context: `module.NAME` or `Context.name`."""
    owner, _, name = path.rpartition(".")

    def matches(change: Change, job: Job) -> bool:
        obj = change.cell.obj
        if change.cell.parent is not None or change.name != name:
            return False
        return owner in (getattr(obj, "__name__", None), full_class_name(type(obj)))

    return matches


def _first_value(path: str) -> Callable[[Change, Job], bool]:
    """Like `_named`, only while the memo is filled for the first time."""
    named = _named(path)
    return lambda change, job: (change.before is None or change.before is ABSENT) and named(change, job)


FILLS = (
    Fill("_Element__proxies", "dependencies() and search() keep the proxy that they hand out", _new_proxy),
    Fill(
        "_Element__dynamic_public",
        "public data is loaded from the artifact when it is first read",
        _memo("_Element__dynamic_public", _refill_public),
    ),
    Fill(
        "_Element__splits",
        "split rules are compiled when an artifact is first staged in part",
        _memo("_Element__splits", _refill_splits),
    ),
    Fill(
        "_Element__whitelist_regex",
        "the overlap whitelist is compiled when an overlap is first looked at",
        _memo("_Element__whitelist_regex", _refill_whitelist),
    ),
    Fill("project.refs", "tracking makes room for a ref in the tree of project.refs", _project_refs_entry),
    Fill(
        "lock tables", "a lock guards what jobs share; where jobs are processes it is another rule's", is_lock_in_table
    ),
    Fill("Python's memos", "Python notes warnings, slots and annotations where they belong", _interpreter_memo),
    Fill("lazy import", "importing a submodule binds it on its package", _lazy_submodule),
    Fill(
        "Context._strict_build_plan",
        "whether the build plan is strict is looked up once",
        _first_value("buildstream._context.Context._strict_build_plan"),
    ),
    Fill(
        "utils._USE_CP_FILE_RANGE",
        "whether the kernel copies file ranges is found out by the first copy",
        _named("buildstream.utils._USE_CP_FILE_RANGE"),
    ),
    *(
        Fill(
            f"_exceptions.{name}",
            "BuildStream's test mode keeps the last error for its own assertions",
            _named(f"buildstream._exceptions.{name}"),
        )
        for name in ("_last_exception", "_last_task_error_domain", "_last_task_error_reason")
    ),
)
