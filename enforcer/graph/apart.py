"""Texts for what an entry held before and after, which say what differs where both values are shown alike."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

from enforcer.graph.show import Describe, show
from enforcer.graph.values import ATOMIC_IDS, class_dict, class_mro, identity, is_class, same

PlaceOf = Callable[[types.CodeType], str]
"""Names the file and the line of code."""

_MOST_NAMES = 3
_LONGEST = 40
"""A detail is cut at this many characters."""


def with_code(describe: Describe, place_of: PlaceOf) -> Describe:
    """`describe`, which also tells the code of one function from that of another."""

    def text(value: object) -> str | None:
        if type(value) is types.CodeType:
            name = "lambda" if value.co_name == "<lambda>" else f"{value.co_name}()"
            return f"code of {name} at {place_of(value)}"
        return describe(value)

    return text


def show_apart(before: Any, after: Any, describe: Describe, place_of: PlaceOf) -> tuple[str, str]:
    """The texts of two values of which one has taken the place of the other; never twice the same text."""
    old, new = show(before, describe), show(after, describe)
    if old != new:
        return old, new
    for detail in _details(describe, place_of):
        had, has = detail(before), detail(after)
        if had and has and had != has:
            return f"{old}{had}", f"{new}{has}"
    differing = _differing(before, after, describe)
    if differing:
        had, has = (", ".join(f"{name}={texts[side]}" for name, texts in differing.items()) for side in (0, 1))
        return f"{old} with {had}", f"another with {has}"
    return old, f"another {new}"


def _details(describe: Describe, place_of: PlaceOf) -> Iterator[Callable[[Any], str]]:
    """What can be said of a value beside its text, the shortest first."""
    yield lambda value: f" of {show(type(value), describe)}"
    yield lambda value: _place(value, place_of)
    yield lambda value: _bound_to(value, describe)


def _place(value: Any, place_of: PlaceOf) -> str:
    code = _code_of(value)
    return "" if code is None else f" at {place_of(code)}"


def _code_of(value: Any) -> types.CodeType | None:
    """The code of a function, method or partial function; of a class that of its first method."""
    while True:
        kind = type(value)
        if kind is types.MethodType:
            value = value.__func__
        elif kind is functools.partial:
            value = value.func
        else:
            break
    if kind is types.FunctionType:
        code: types.CodeType = value.__code__
        return code
    if not is_class(value):
        return None
    codes = [member.__code__ for member in class_dict(value).values() if type(member) is types.FunctionType]
    return min(codes, key=lambda code: code.co_firstlineno, default=None)


def _bound_to(value: Any, describe: Describe) -> str:
    """The object that a method is of; of a partial function that and its arguments."""
    kind = type(value)
    if kind is types.MethodType or kind is types.BuiltinFunctionType:
        return f" of {_short(value.__self__, describe)}"
    if kind is functools.partial:
        held = (value.func, *value.args, *(value.keywords or {}).values())
        return f" of {', '.join(_short(each, describe) for each in held)}"
    return ""


def _differing(before: Any, after: Any, describe: Describe) -> dict[str, tuple[str, str]]:
    """What two objects hold by the same names, in texts, where these differ."""
    had, has = _fields(before), _fields(after)
    found: dict[str, tuple[str, str]] = {}
    for name, value in had.items():
        if type(name) is str and name in has and not same(value, has[name]):
            texts = _short(value, describe), _short(has[name], describe)
            if texts[0] != texts[1]:
                found[name] = texts
    return dict(list(found.items())[:_MOST_NAMES])


def _fields(value: Any) -> dict[Any, Any]:
    """What an object keeps by name: attributes and slots, a function its default values and free variables."""
    kind = type(value)
    if kind is types.FunctionType:
        return dict(_kept_by(value))
    if identity(kind) in ATOMIC_IDS or is_class(value):
        return {}
    found: dict[Any, Any] = {}
    for cls in class_mro(kind):
        for name, member in class_dict(cls).items():
            if type(member) is types.MemberDescriptorType:
                found.update(_slot(value, name, member))
            elif name == "__dict__" and type(member) is types.GetSetDescriptorType:
                found.update(_slot(value, name, member).get(name) or {})
    return found


def _slot(value: Any, name: str, member: Any) -> dict[str, Any]:
    try:
        return {name: member.__get__(value)}
    except AttributeError:  # nothing is in it
        return {}


def _kept_by(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    yield from zip(reversed(names), reversed(defaults), strict=False)
    yield from (function.__kwdefaults__ or {}).items()
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue


def _short(value: Any, describe: Describe) -> str:
    text = show(value, describe)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
