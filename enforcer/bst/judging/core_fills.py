"""The writes that BuildStream's own core makes outside of a job's element, by name, each with its reason.

They are lazy and idempotent: every job that fills one would fill in the same. So a fill is
accepted and counted, never a violation; but only when it is what core itself would fill in.
"""

from __future__ import annotations

import gc
import os
import re
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from buildstream import _exceptions, utils
from buildstream._context import Context
from buildstream._elementproxy import ElementProxy
from buildstream._remotespec import RemoteSpec
from buildstream.element import Element
from buildstream.exceptions import LoadErrorReason
from buildstream.node import MappingNode, ScalarNode, SequenceNode
from buildstream.source import Source

from enforcer.bst.elements.process.c_environment import CEnvironment
from enforcer.bst.elements.process.memos import AtExit
from enforcer.bst.elements.process.units import newly_imported
from enforcer.bst.elements.run_graph import root_of
from enforcer.bst.observing.lock_holders import is_plain_lock
from enforcer.graph.abstract import REGISTRY
from enforcer.graph.compare import ADDED, SET, EntryChange
from enforcer.graph.equal import equal_plain
from enforcer.graph.kinds import DICT, ORDERED_DICT, Probe
from enforcer.graph.some_entries import Current
from enforcer.graph.values import is_class, is_one_of, module_of, same, vars_of

if TYPE_CHECKING:
    from enforcer.results.findings import Job


class Fill(NamedTuple):
    """One listed write: the name that reports count it under, why it is harmless, and what recognises it."""

    name: str
    reason: str
    matches: Callable[[EntryChange, Job], bool]


def fill_of(change: EntryChange, job: Job) -> Fill | None:
    """The listed core write that `change` is, or None."""
    return next((fill for fill in FILLS if fill.matches(change, job)), None)


# No code of a plugin may run here: its objects are told apart by identity and by exact type only.


def _is_attribute(change: EntryChange, cls: type, name: str) -> bool:
    cell = change.cell
    return cell.parent is None and issubclass(type(cell.obj), cls) and _is(change.name, name)


def _is_inside(change: EntryChange, cls: type, name: str) -> bool:
    """Whether the changed cell lies below attribute `name` of a root of class `cls`."""
    cell = change.cell
    while cell.parent is not None and cell.parent.parent is not None:
        cell = cell.parent
    return cell.parent is not None and issubclass(type(cell.parent.obj), cls) and _is(cell.name, name)


def _is(given: Any, name: str) -> bool:
    return type(given) is str and given == name


def _new_proxy(change: EntryChange, job: Job) -> bool:
    if not _is_inside(change, Element, "_Element__proxies") or change.change != ADDED:
        return False
    if type(change.after) is not ElementProxy:
        return False
    element = root_of(change.cell).obj
    attributes = object.__getattribute__(change.after, "__dict__")
    return attributes.get("_plugin") is element and attributes.get("_owner") is change.name


def _memo(cls: type, name: str, refill: Callable[[Any], Any]) -> Callable[[EntryChange, Job], bool]:
    """A memo of an element or of the context that was None and now holds what `refill` computes again."""

    def matches(change: EntryChange, job: Job) -> bool:
        if not _is_attribute(change, cls, name) or change.before is not None:
            return False
        obj, after = change.cell.obj, change.after
        object.__setattr__(obj, name, None)
        try:
            expected = refill(obj)
        except Exception:  # what core cannot compute is none of its fills
            return False
        finally:
            object.__setattr__(obj, name, after)
        return equal_plain(_plain(expected), _plain(after))

    return matches


def may_be_memo(change: EntryChange) -> bool:
    """Whether this is an attribute that core fills in when it is first needed, whatever it holds now."""
    return change.cell.parent is None and change.before is None and change.name in _MEMOS


_MEMOS = ("_Element__dynamic_public", "_Element__splits", "_Element__whitelist_regex", "_strict_build_plan")


def _plain(value: Any, depth: int = 0) -> Any:
    """Nodes, patterns and dictionaries as built-in containers that compare; anything else as it is."""
    kind = type(value)
    if depth > _MAX_DEPTH:
        return value
    if kind is MappingNode or kind is SequenceNode:
        return kind, _plain(_held_by(value), depth + 1)
    if kind is ScalarNode:
        return kind, value.strip_node_info()
    if kind is re.Pattern:
        return kind, value.pattern, value.flags
    if kind is dict:
        return [(key, _plain(item, depth + 1)) for key, item in value.items()]
    return [_plain(item, depth + 1) for item in value] if kind is list else value


_MAX_DEPTH = 20


def _held_by(node: Any) -> Any:
    """The dict or list that a node wraps; to ask the node for it would ask what it holds too."""
    return gc.get_referents(node)[0]


def _refill_strict(context: Any) -> Any:
    return context.get_strict()


def _refill_public(element: Any) -> Any:
    return element._Element__artifact.load_public_data()


def _refill_splits(element: Any) -> Any:
    element._Element__init_splits()
    return element._Element__splits


def _refill_mirror_directory(source: Any) -> Any:
    attributes = vars_of(source)
    return os.path.join(vars_of(attributes["_Plugin__context"])["sourcedir"], attributes["_Plugin__kind"])


def _refill_whitelist(element: Any) -> Any:
    element._file_is_whitelisted("")
    return element._Element__whitelist_regex


def _remote_credentials(change: EntryChange, job: Job) -> bool:
    """What the files of a remote's credentials hold, where none had been loaded: all of it, and nothing else."""
    remote, name = change.cell.obj, change.name
    if type(remote) is not RemoteSpec or type(name) is not str or name not in _UNLOADED:
        return False
    if change.change != SET or change.before is not _UNLOADED[name]:
        return False
    now, again = vars(remote), _loaded_again(remote)
    return again is not None and all(same(now.get(each), again[each]) for each in _UNLOADED)


_UNLOADED = {"_server_cert": None, "_client_key": None, "_client_cert": None, "_cred_files_loaded": False}


def _loaded_again(remote: Any) -> dict[str, Any] | None:
    """The attributes of a remote with the same files that has just loaded them."""
    now = vars(remote)
    files = {name: now.get(f"{name}_file") for name in ("server_cert", "client_key", "client_cert")}
    if any(file is not None and type(file) is not str for file in files.values()):
        return None
    again: Any = RemoteSpec("", "", **files)
    try:
        again._load_credential_files()
    except Exception:  # what core cannot load is none of its fills
        return None
    loaded: dict[str, Any] = vars(again)
    return loaded


def _project_refs_entry(change: EntryChange, job: Job) -> bool:
    """An empty place for the job's own sources in project.refs, or the way to it."""
    if job.action != "Track" or change.unit.kind != "project" or change.change != ADDED:
        return False
    return change.raw_path().startswith((".refs.", ".junction_refs.")) and _is_empty_tree(change.after)


def _is_empty_tree(value: Any, depth: int = 0) -> bool:
    if depth > _MAX_DEPTH or (type(value) is not MappingNode and type(value) is not SequenceNode):
        return False
    held = _held_by(value)
    return all(_is_empty_tree(item, depth + 1) for item in (held.values() if type(held) is dict else held))


def _lazy_submodule(change: EntryChange, job: Job) -> bool:
    """A submodule that was imported during the job, bound on its package by the import system."""
    package, module = change.cell.obj, change.after
    return (
        change.cell.parent is None
        and change.change == ADDED
        and type(package) is type(module) is types.ModuleType
        and _is_below(_module_name(module), _module_name(package), change.name)
    )


def _module_name(module: types.ModuleType) -> Any:
    """Its name as it stands there: where it was deleted, a module's own `__getattr__` would be asked."""
    return vars(module).get("__name__")


def _is_below(name: Any, package: Any, step: Any) -> bool:
    return type(name) is type(package) is type(step) is str and name == f"{package}.{step}"


def is_lock_in_table(change: EntryChange, job: Job) -> bool:
    """A lock that a plugin adds to a table of locks, so that the jobs of this process exclude each other."""
    return (
        change.unit.shared
        and change.cell.kind in (DICT, ORDERED_DICT)
        and change.change == ADDED
        and is_plain_lock(change.after)
    )


def _global(module: types.ModuleType, name: str, fills: Callable[[Any], bool]) -> Callable[[EntryChange, Job], bool]:
    """A global of one of core's modules, where `fills` knows the new value for one of core's."""

    def matches(change: EntryChange, job: Job) -> bool:
        cell = change.cell
        return cell.parent is None and cell.obj is module and _is(change.name, name) and fills(change.after)

    return matches


def _registered_by_import(change: EntryChange, job: Job) -> bool:
    obj = change.cell.obj
    if issubclass(type(obj), Current):
        return obj.by_imports and change.change == ADDED and bool(newly_imported())
    if type(obj) is CEnvironment:  # `readline` sets the size of the terminal
        return change.change == ADDED and bool(newly_imported())
    if type(obj) is Probe and obj.name == REGISTRY and type(change.before) is tuple and type(change.after) is tuple:
        return _are_imported([cls for cls in change.after if not is_one_of(cls, change.before)])
    return type(obj) is AtExit and change.after > change.before and bool(newly_imported())


def _are_imported(classes: list[Any]) -> bool:
    """Whether each of these classes came with a module that was first imported meanwhile."""
    modules = newly_imported()
    return bool(classes) and all(is_class(cls) and module_of(cls) in modules for cls in classes)


def _is_one_of(kinds: tuple[type, ...]) -> Callable[[Any], bool]:
    return lambda value: issubclass(type(value), kinds)


_LAST_ERRORS: dict[str, tuple[type, ...]] = {
    "_last_exception": (_exceptions.BstError, type(None)),
    "_last_task_error_domain": (_exceptions.ErrorDomain, type(None)),
    "_last_task_error_reason": (str, LoadErrorReason, type(None)),
}

FILLS = (
    Fill("_Element__proxies", "dependencies() and search() keep the proxy that they hand out", _new_proxy),
    Fill(
        "_Element__dynamic_public",
        "public data is loaded from the artifact when it is first read",
        _memo(Element, "_Element__dynamic_public", _refill_public),
    ),
    Fill(
        "_Element__splits",
        "split rules are compiled when an artifact is first staged in part",
        _memo(Element, "_Element__splits", _refill_splits),
    ),
    Fill(
        "_Element__whitelist_regex",
        "the overlap whitelist is compiled when an overlap is first looked at",
        _memo(Element, "_Element__whitelist_regex", _refill_whitelist),
    ),
    Fill(
        "_Source__mirror_directory",
        "get_mirror_directory() keeps the name of the directory that it returns",
        _memo(Source, "_Source__mirror_directory", _refill_mirror_directory),
    ),
    Fill(
        "remote credentials",
        "the files with the credentials of a remote are read when it is first used",
        _remote_credentials,
    ),
    Fill("project.refs", "tracking makes room for a ref in the tree of project.refs", _project_refs_entry),
    Fill(
        "lock tables", "a lock guards what jobs share; where jobs are processes it is another rule's", is_lock_in_table
    ),
    Fill(
        "what an import registers",
        "a module that is first imported enters itself into tables of Python: import hooks, warning filters, formats",
        _registered_by_import,
    ),
    Fill("lazy import", "importing a submodule binds it on its package", _lazy_submodule),
    Fill(
        "Context._strict_build_plan",
        "whether the build plan is strict is looked up once",
        _memo(Context, "_strict_build_plan", _refill_strict),
    ),
    Fill(
        "utils._USE_CP_FILE_RANGE",
        "whether the kernel copies file ranges is found out by the first copy",
        _global(utils, "_USE_CP_FILE_RANGE", lambda value: value is False),
    ),
    *(
        Fill(
            f"_exceptions.{name}",
            "BuildStream's test mode keeps the last error for its own assertions",
            _global(_exceptions, name, _is_one_of(kinds)),
        )
        for name, kinds in _LAST_ERRORS.items()
    ),
)
