"""When are two values the same, without running anybody's `__eq__`, `__hash__` or `__repr__`."""

from __future__ import annotations

import abc
import collections
import datetime
import decimal
import fractions
import pathlib
import re
import types
import uuid
import weakref
from collections.abc import Callable, Iterable
from typing import Any

# Fields of a class, without asking its metaclass.
class_dict: Callable[[type], types.MappingProxyType[str, Any]] = type.__dict__["__dict__"].__get__
class_mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
class_flags: Callable[[type], int] = type.__dict__["__flags__"].__get__
class_name: Callable[[type], str] = type.__dict__["__name__"].__get__
_HEAP, _IMMUTABLE = 1 << 9, 1 << 8  # Py_TPFLAGS_HEAPTYPE, Py_TPFLAGS_IMMUTABLETYPE
_dict_offset: Callable[[type], int] = type.__dict__["__dictoffset__"].__get__
_class_module: Callable[[type], Any] = type.__dict__["__module__"].__get__
_class_qualified_name: Callable[[type], str] = type.__dict__["__qualname__"].__get__


def module_of(cls: type) -> str:
    """The name of the module that defines `cls`, without asking its metaclass; `?` where C code hides it."""
    module = _class_module(cls)
    return module if type(module) is str else "?"


_INTERNAL_SPACE = re.compile(r"\bpluginbase\._internalspace\.\w+\.")


def readable(text: str) -> str:
    """A text without the random names of the spaces that plugins are loaded into: their modules begin with these."""
    return _INTERNAL_SPACE.sub("", text)


def qualified_name(cls: type) -> str:
    """The qualified name of `cls`, without asking its metaclass."""
    return _class_qualified_name(cls)


def is_compiled(cls: type) -> bool:
    """Whether no Python code has defined `cls`, or can change it."""
    flags = class_flags(cls)
    return flags & _HEAP == 0 or flags & _IMMUTABLE != 0


def is_made_by_c(cls: type) -> bool:
    """Whether no class statement has made `cls`: what its objects hold can be out of Python's sight."""
    flags, members = class_flags(cls), class_dict(cls)
    if flags & _HEAP == 0 or flags & _IMMUTABLE:
        return True
    new = members.get("__new__")
    if type(new) is types.BuiltinFunctionType and new.__self__ is cls:
        return True
    # A class statement without __slots__ always gives its objects a dictionary.
    return not has_attributes(cls) and "__slots__" not in members


def has_attributes(cls: type) -> bool:
    """Whether objects of `cls` have a `__dict__`."""
    return _dict_offset(cls) != 0


def class_with_member(cls: type, name: str) -> type | None:
    """Of `cls` and the classes that it is made of, the first that has this member itself."""
    return next((base for base in class_mro(cls) if name in class_dict(base)), None)


def is_class(value: Any) -> bool:
    """Whether `value` is a class, without running code of its class."""
    # Not isinstance: it asks `__class__`, which may be a plugin's property.
    return issubclass(type(value), type)


def is_one_of(value: object, known: Iterable[object]) -> bool:
    """Whether `value` is one of these very objects; `in` would run the `__eq__` of plugins' objects and metaclasses."""
    return any(value is one for one in known)


def file_of(module: object) -> str | None:
    """The file that a module names as its own, without running a `__getattr__` of the module or of its class."""
    if not issubclass(type(module), types.ModuleType):
        return None
    file = object.__getattribute__(module, "__dict__").get("__file__")
    return file if type(file) is str else None


def full_class_name(cls: type) -> str:
    """The module, where it is known, and qualified name of `cls`, without asking its metaclass."""
    return f"{readable(module_of(cls))}.{_class_qualified_name(cls)}".removeprefix("?.")


def vars_of(obj: Any) -> dict[str, Any]:
    """The instance dictionary, without running code of the object's class."""
    attributes: dict[str, Any] = object.__getattribute__(obj, "__dict__")
    return attributes


ATOMIC: frozenset[type] = frozenset(
    {type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), range}
)

identity: Callable[[object], int] = object.__hash__
"""As `id`, a number that no other living object has; but `id()` is an event for audit hooks, of which one is ours."""

ATOMIC_IDS = frozenset(map(identity, ATOMIC))
"""For `identity(type(value)) in ATOMIC_IDS`: hashing a class itself runs the `__hash__` of its metaclass."""

# Immutable or without state that a program can see; nothing below them belongs to a unit.
LEAF_TYPES: frozenset[type] = ATOMIC | {
    types.CodeType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.GenericAlias,
    types.UnionType,
    slice,
    object,
    re.Pattern,
    re.Match,
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    datetime.timezone,
    decimal.Decimal,
    # A weak reference owns nothing.
    weakref.ref,
    # Which classes an abstract class has registered is asked of the class.
    type(vars(abc.ABC)["_abc_impl"]),
    type(vars(collections.namedtuple("_Sample", "field"))["field"]),
}

VALUE_TYPES: frozenset[type] = frozenset(
    {fractions.Fraction, pathlib.PosixPath, pathlib.PurePosixPath, pathlib.PureWindowsPath, uuid.UUID}
)
"""Of Python's library; immutable by promise only, as what they are is in slots that anybody can write."""


class Inside(tuple[Any, ...]):
    """What an object holds that no way of Python leads to: it has the path of the object itself."""

    __slots__ = ()


_MAX_DEPTH = 20

_referent: Callable[[Any], Any] = weakref.ref.__call__


def _refers(ref: Any) -> bool:
    """Whether what it refers to is still there."""
    return _referent(ref) is not None


BUILTIN_METHODS: tuple[type, ...] = (
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    type(re.compile("").scanner),  # type: ignore[attr-defined]
)
"""Methods of built-in types, bound to an object. The last one is of those that know their class; it has no name."""


def same(a: object, b: object, depth: int = 0) -> bool:
    """Whether `b` stands for the same value as `a`: identical, or equal and of the same atomic type.

    Tuples and frozensets (immutable), bound methods and weak references (made anew by each access) are compared by
    what they hold. `True` for `1` and `-0.0` for `0.0` are changes.
    """
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is float or kind is complex:
        return repr(a) == repr(b)
    if identity(kind) in ATOMIC_IDS:
        return bool(a == b)
    if depth > _MAX_DEPTH:
        return False
    return _same_compound(a, b, kind, depth + 1)


def _same_compound(a: Any, b: Any, kind: type, depth: int) -> bool:
    if kind is tuple or kind is Inside:
        return len(a) == len(b) and all(same(x, y, depth) for x, y in zip(a, b, strict=True))
    if kind is frozenset:
        return len(a) == len(b) and set(map(hash_free_key, a)) == set(map(hash_free_key, b))
    if kind is types.MethodType:
        return a.__self__ is b.__self__ and a.__func__ is b.__func__
    if kind is weakref.ref or kind is weakref.KeyedRef:
        return _refers(a) and _referent(a) is _referent(b) and a.__callback__ is b.__callback__
    # These compare by the identity of what they are bound to.
    return any(kind is method for method in BUILTIN_METHODS) and bool(a == b)


def hash_free_key(value: Any, depth: int = 0) -> object:
    """A dictionary key that stands for `value` and never calls its `__hash__` or `__eq__`.

    Two values give equal keys when `same` says that they are the same; `1`, `1.0` and `True` give
    three. Only NaN stands for itself alone, because a set or dictionary can hold it twice.
    """
    kind = type(value)
    if kind is float or kind is complex:
        return (kind, repr(value)) if value == value else id(value)
    if identity(kind) in ATOMIC_IDS:
        return (kind, value)
    if depth > _MAX_DEPTH:
        return id(value)
    if kind is tuple or kind is Inside:
        return (kind, tuple([hash_free_key(item, depth + 1) for item in value]))
    if kind is frozenset:
        return (kind, frozenset([hash_free_key(item, depth + 1) for item in value]))
    if kind is types.MethodType:
        return (kind, id(value.__self__), id(value.__func__))
    if (kind is weakref.ref or kind is weakref.KeyedRef) and _refers(value):
        return (kind, id(_referent(value)), id(value.__callback__))
    if any(kind is method for method in BUILTIN_METHODS):
        return (kind, value)
    return id(value)
