"""What Python and its standard library keep on classes, modules and objects of their own, where reading is not enough.

Each is accepted only when it holds what Python itself would put there again.
"""

from __future__ import annotations

import abc
import ast
import copyreg
import enum
import functools
import logging
import sys
import types
import typing
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from enforcer.graph.compare import ADDED, REMOVED, SET, EntryChange
from enforcer.graph.equal import equal_plain
from enforcer.graph.function_caches import FUNCTION_CACHE, is_full
from enforcer.graph.kinds import CLASS, CLOSURE_CELL, DICT, INSTANCE
from enforcer.graph.policy import Policy
from enforcer.graph.reading import Stopped, only_libraries
from enforcer.graph.values import (
    LEAF_TYPES,
    VALUE_TYPES,
    class_dict,
    class_mro,
    is_class,
    is_one_of,
    module_of,
    same,
    vars_of,
)


class Memo(NamedTuple):
    """The name that reports count such writes under, and why they are harmless."""

    name: str
    reason: str


PYTHON = Memo(
    "Python's memos", "Python notes warnings, slots, annotations, members of flags and loggers where they belong"
)

CACHES = Memo("caches of functions", "a function with lru_cache keeps what it has computed, in each process by itself")


def is_cached_result(change: EntryChange) -> bool:
    """Whether a function has kept a result, or forgotten one that holds no state of its own."""
    if change.cell.kind is not FUNCTION_CACHE:
        return False
    if change.change == ADDED or is_full(change.cell.obj) or _holds_no_state(change.before):
        return True
    return change.change == SET and equal_plain(change.before, change.after)


def _holds_no_state(value: Any) -> bool:
    if type(value) is tuple or type(value) is frozenset:
        return all(map(_holds_no_state, value))
    return id(type(value)) in _STATELESS_IDS or is_class(value)


_STATELESS_IDS = frozenset(map(id, LEAF_TYPES | VALUE_TYPES))


def is_python_memo(change: EntryChange, policy: Policy) -> bool:
    """Whether Python itself would make this change again."""
    try:
        return any(matches(change, policy) for matches in _MATCHES)
    except Stopped:
        return False


def _interpreter_memo(change: EntryChange, policy: Policy) -> bool:
    """What Python keeps on a module or class when it first warns, pickles or looks there."""
    at_root = change.cell.parent is None and change.unit.shared
    check = _INTERPRETER.get(change.name) if at_root and type(change.name) is str else None
    return check is not None and change.change != REMOVED and check(change, policy)


def _is_registry_of_warnings(change: EntryChange, _: Policy) -> bool:
    registry = change.after
    return type(registry) is dict and all(type(key) is tuple or same(key, "version") for key in dict.keys(registry))


def _is_no_annotations(change: EntryChange, _: Policy) -> bool:
    return change.change == ADDED and type(change.after) is dict and not change.after


def _is_names_of_slots(change: EntryChange, policy: Policy) -> bool:
    cls, names = change.cell.obj, change.after
    if not is_class(cls) or type(names) is not list:
        return False
    type.__delattr__(cls, "__slotnames__")
    try:
        with only_libraries(policy):
            again = copyreg._slotnames(cls)  # type: ignore[attr-defined]
    finally:
        type.__setattr__(cls, "__slotnames__", names)
    return type(again) is list and same(tuple(names), tuple(again))


_INTERPRETER: dict[str, Callable[[EntryChange, Policy], bool]] = {
    "__annotate_func__": lambda change, _: True,
    "__annotations__": _is_no_annotations,
    "__annotations_cache__": lambda change, _: True,
    "__slotnames__": _is_names_of_slots,
    "__warningregistry__": _is_registry_of_warnings,
}


def _member_of_flag(change: EntryChange, policy: Policy) -> bool:
    """A combination of flags, which the class keeps so that there is only one of it."""
    cell, member = change.cell, change.after
    if cell.kind is not DICT or cell.parent is None or cell.parent.kind is not CLASS or change.change != ADDED:
        return False
    cls = cell.parent.obj
    if not same(cell.name, "_value2member_map_") or not issubclass(cls, enum.Flag) or type(member) is not cls:
        return False
    contents = cell.kind.contents(cell.obj)
    dict.__delitem__(cell.obj, change.name)
    try:
        with only_libraries(policy):
            again = enum.Flag._missing_.__func__(cls, change.name)  # type: ignore[attr-defined]
    except Exception:  # what the class cannot make is no member of it
        return False
    finally:
        cell.kind.restore(cell.obj, contents)
    return type(again) is cls and _told(again) == _told(member)


def _told(member: Any) -> dict[str, Any]:
    attributes = {name: value for name, value in vars_of(member).items() if name != "_inverted_"}
    return {
        name: (type(value), value if type(value) in (str, int) else id(value)) for name, value in attributes.items()
    }


def _forward_reference(change: EntryChange, _: Policy) -> bool:
    """What a name in quotes stands for, kept where it is first looked up."""
    reference = change.cell.obj
    if type(reference) is not typing.ForwardRef or change.change == REMOVED:
        return False
    if same(change.name, "__forward_evaluated__"):
        return change.after is True
    if not same(change.name, "__forward_value__"):
        return False
    tree = ast.parse(reference.__forward_arg__, mode="eval").body
    return any(_stands_for(tree, change.after, space) for space in _spaces(change))


def _spaces(change: EntryChange) -> list[dict[str, Any]]:
    """The globals in which the name can be looked up: where the reference is kept, and where it leads."""
    modules = [root for root, _ in change.unit.roots if type(root) is types.ModuleType]
    classes = [root for root, _ in change.unit.roots if is_class(root)] + [change.after] * is_class(change.after)
    modules += [module for cls in classes if type(module := sys.modules.get(module_of(cls))) is types.ModuleType]
    return [vars(module) for module in modules]


def _stands_for(tree: ast.expr, value: Any, space: dict[str, Any]) -> bool:
    """Whether `value` is what the expression says: a name, one with parameters, or a union of them."""
    if isinstance(tree, ast.Constant) and type(tree.value) is str:
        return _stands_for(ast.parse(tree.value, mode="eval").body, value, space)
    if isinstance(tree, ast.Constant):
        return value is (type(None) if tree.value is None else tree.value)
    if isinstance(tree, (ast.Name, ast.Attribute)):
        return value is _named(tree, space)
    if isinstance(tree, ast.BinOp):
        return any(_stands_for(tree.left, each, space) for each in typing.get_args(value))
    if not isinstance(tree, ast.Subscript):
        return False
    generic, given = _named(tree.value, space), typing.get_args(value)
    made_of = typing.get_origin(value)
    parameters = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    if generic is typing.Optional or generic is typing.Union:
        return made_of is typing.Union and _stands_for(parameters[0], given[0], space)
    same_generic = made_of is not None and made_of is (typing.get_origin(generic) or generic)
    return same_generic and all(_stands_for(*pair, space) for pair in zip(parameters, given, strict=False))


def _named(tree: ast.expr, space: dict[str, Any]) -> Any:
    if isinstance(tree, ast.Name):
        builtins = space.get("__builtins__")
        found = builtins if type(builtins) is dict else vars(builtins) if type(builtins) is types.ModuleType else {}
        return space.get(tree.id, found.get(tree.id))
    if isinstance(tree, ast.Attribute):
        holder = _named(tree.value, space)
        if type(holder) is types.ModuleType:
            return vars(holder).get(tree.attr)
        if is_class(holder):
            return next((class_dict(cls)[tree.attr] for cls in class_mro(holder) if tree.attr in class_dict(cls)), None)
    return None


def _logger(change: EntryChange, _: Policy) -> bool:
    """A logger that was asked for by its name, and the places in the tree of loggers that it takes."""
    cell = change.cell
    holder = cell.obj if cell.parent is None else cell.parent.obj
    if issubclass(type(cell.obj), logging.Logger):
        return same(change.name, "parent") and change.after is _parent_of(cell.obj)
    if cell.kind is not DICT or type(cell.name) is not str:
        return False
    if cell.name == "loggerDict" and type(holder) is logging.Manager:
        replaces = change.change == SET and type(change.before) is logging.PlaceHolder
        return (replaces or change.change == ADDED) and _is_fresh(change.after, change.name, holder)
    if cell.name == "loggerMap" and type(holder) is logging.PlaceHolder:
        return change.change == ADDED and issubclass(type(change.name), logging.Logger) and change.after is None
    # To forget what was computed changes nothing; what else was done to the logger is a change of its own.
    return cell.name == "_cache" and issubclass(type(holder), logging.Logger) and change.change == REMOVED


def _is_fresh(logger: Any, name: Any, manager: logging.Manager) -> bool:
    if type(logger) is logging.PlaceHolder:
        return True
    if not any(type(logger) is cls for cls in (manager.loggerClass, logging.getLoggerClass())):
        return False
    now = vars_of(logger)
    plain = all(same(now.get(key), value) for key, value in {**_FRESH, "name": name}.items())
    empty = all(type(now.get(key)) is list and not now[key] for key in ("handlers", "filters"))
    return plain and empty and now.get("manager") is manager and now.get("parent") is _parent_of(logger)


_FRESH = {"level": logging.NOTSET, "propagate": True, "disabled": False}


def _parent_of(logger: Any) -> Any:
    """The nearest logger above this one."""
    attributes = vars_of(logger)
    manager, name = attributes.get("manager"), attributes.get("name")
    if type(manager) is not logging.Manager or type(name) is not str:
        return None
    while name := name.rpartition(".")[0]:
        found = vars_of(manager)["loggerDict"].get(name)
        if issubclass(type(found), logging.Logger):
            return found
    return manager.root


def _dispatch_token(change: EntryChange, _: Policy) -> bool:
    """How old the table is in which `functools.singledispatch` remembers what it found for a class."""
    cell = change.cell
    if cell.kind is not CLOSURE_CELL or not same(cell.name, "cache_token") or cell.parent is None:
        return False
    function = cell.parent.obj
    spaces = (
        vars(functools) is getattr(function, "__globals__", None) if type(function) is types.FunctionType else False
    )
    return spaces and same(change.after, abc.get_cache_token())


def _dispatch_table(change: EntryChange, _: Policy) -> bool:
    """The function that `functools.singledispatch` has found for a class, beside those that were registered."""
    inside = type(change.cell.obj) is not weakref.WeakKeyDictionary
    table = change.cell.parent if inside else change.cell
    if table is None or type(table.obj) is not weakref.WeakKeyDictionary or table.parent is None:
        return False
    function = table.parent.obj
    is_dispatcher = type(function) is types.FunctionType and function.__globals__ is vars(functools)
    # Since Python 3.13 a method remembers for each object, too.
    is_dispatcher |= type(function) is functools.singledispatchmethod and same(table.name, "_method_cache")
    return is_dispatcher and (not inside or change.change == REMOVED or type(change.name) is weakref.ref)


def _bookkeeping_of_weak_containers(change: EntryChange, _: Policy) -> bool:
    """What waits to be removed from a container of weak references, and whether to count its entries again."""
    cell = change.cell
    if cell.kind is INSTANCE:
        return is_one_of(type(cell.obj), _WEAK) and same(change.name, "_dirty_len")
    return (
        cell.parent is not None
        and is_one_of(type(cell.parent.obj), _WEAK)
        and any(same(cell.name, name) for name in _WAITING)
    )


_WEAK = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary, weakref.WeakSet)
_WAITING = ("_pending_removals", "_iterating")


_MATCHES: tuple[Callable[[EntryChange, Policy], bool], ...] = (
    _interpreter_memo,
    _member_of_flag,
    _forward_reference,
    _logger,
    _dispatch_token,
    _dispatch_table,
    _bookkeeping_of_weak_containers,
)
