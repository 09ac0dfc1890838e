"""How far iterators have come: iterating is a change of the iterator."""

from __future__ import annotations

import ast
import gc
import sys
import types
from typing import Any

from enforcer.graph.native.raw import fields_of
from enforcer.graph.native.spec import Entries, Native
from enforcer.graph.values import ATOMIC_IDS, Inside, class_dict, identity

_MOST_STEPS = 10_000_000


def _moved(obj: Any, value: Any) -> str:
    return f"<{type(obj).__name__} object, at another place>"


def _held_by(obj: Any) -> list[Any]:
    """What it holds, without its class, which some versions of Python count among that."""
    return [part for part in gc.get_referents(obj) if part is not type(obj)]


def _advance(base: Any, obj: Any, steps: int) -> None:
    for _ in range(min(steps, _MOST_STEPS)):
        try:
            base.__next__(obj)
        except StopIteration:
            return


def _place_text(obj: Any, value: Any) -> str:
    place = value[0]
    return (
        f"<{type(obj).__name__} object, at its end>" if place is None else f"<{type(obj).__name__} object, at {place}>"
    )


def of_sequence(base: Any) -> Native:
    """An iterator over a sequence: the index of the next item, and the sequence while there is one."""
    goes_back = "__setstate__" in vars(base)

    def read(obj: Any) -> Entries:
        _, (sequence, *_), *index = base.__reduce__(obj)
        return [("", Inside((index[0], sequence) if index else (None,)))]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        ((_, (now, *_)),) = read(obj)
        wanted = entries[""][0]
        if wanted is None:
            _advance(base, obj, _MOST_STEPS)
        elif now is not None and goes_back:
            base.__setstate__(obj, wanted)

    return Native(read, write, _place_text)


def of_range(base: Any) -> Native:
    """An iterator over a range: what is left of it."""

    def read(obj: Any) -> Entries:
        left, _ = left_of(obj)
        return [("", (left,))]

    def left_of(obj: Any) -> tuple[range, int | None]:
        """What is left, and where that is in the whole, for the versions of Python that know it."""
        _, (whole, *_), *index = base.__reduce__(obj)
        return (whole[index[0] :], index[0]) if index and index[0] is not None else (whole, None)

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        left, index = left_of(obj)
        steps = len(left) - len(entries[""][0])
        if index is None:
            _advance(base, obj, steps)
        else:
            base.__setstate__(obj, index + steps)

    return Native(read, write, lambda obj, value: f"<{type(obj).__name__} object, {len(value[0])} left>")


def of_dict_or_set(base: Any) -> Native:
    """An iterator over a dictionary or set: how many are left, and of what."""

    def read(obj: Any) -> Entries:
        held = [part for part in gc.get_referents(obj) if issubclass(type(part), (dict, set, frozenset))]
        return [("", Inside((base.__length_hint__(obj), *held[:1]) if held else (None,)))]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        ((_, (now, *_)),) = read(obj)
        wanted = entries[""][0]
        if now is not None:
            _advance(base, obj, _MOST_STEPS if wanted is None else now - wanted)

    return Native(read, write, _left_text)


def _left_text(obj: Any, value: Any) -> str:
    left = value[0]
    return f"<{type(obj).__name__} object, {'at its end' if left is None else f'{left} left'}>"


def enumeration(base: Any) -> Native:
    """`enumerate`: the next number, and what it numbers."""

    def read(obj: Any) -> Entries:
        _, (inner, number) = base.__reduce__(obj)
        return [("", Inside((number, inner)))]

    return Native(read, None, _place_text)


def wrapping(base: Any) -> Native:
    """`zip`, `map` and `filter`: what they call and iterate; they have no place of their own."""

    def read(obj: Any) -> Entries:
        return [("", Inside(base.__reduce__(obj)[1]))]

    return Native(read, None, _moved)


def count(base: Any) -> Native:
    """`itertools.count`: the next number and the step. It only goes forward."""

    def read(obj: Any) -> Entries:
        held = _held_by(obj)
        if not all(identity(type(part)) in ATOMIC_IDS for part in held):
            return [("", Inside(held))]  # numbers of somebody's own class, whose text runs code
        try:
            numbers = base.__repr__(obj).partition("(")[2].rpartition(")")[0]
            if numbers.isdigit():
                return [("", (int(numbers), 1))]
            start, step = ast.literal_eval(f"({numbers}, 1)" if "," not in numbers else f"({numbers})")
        except (ValueError, SyntaxError):  # NaN, infinity, more digits than Python converts
            return [("", Inside(held))]
        return [("", (start, step))]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        now, wanted = read(obj)[0][1], entries[""]
        if type(now) is tuple and type(wanted) is tuple and now[1] == wanted[1] and now[1]:
            _advance(base, obj, round((wanted[0] - now[0]) / now[1]))

    def text(obj: Any, value: Any) -> str:
        if type(value) is not tuple:
            return _moved(obj, value)
        start, step = value
        return f"count({start!r})" if step == 1 and type(step) is int else f"count({start!r}, {step!r})"

    return Native(read, write, text, sends=lambda value: type(value) is tuple)


def by_fields(base: Any) -> Native:
    """Whatever iterates in C: its fields and what it holds. What it gave last is held, too: it can't come again."""
    fields = fields_of(base)

    def read(obj: Any) -> Entries:
        return [("", Inside((fields(obj), *_held_by(obj))))]

    return Native(read, None, _moved)


def cycle(base: Any) -> Native:
    """`itertools.cycle`: the list of what it gave already is filled while the first round shows where it is."""
    fields = fields_of(base)

    def read(obj: Any) -> Entries:
        # The list is its own: told by its length, it is no container that anybody has.
        held = [len(part) if type(part) is list else part for part in _held_by(obj)]
        return [("", Inside((fields(obj), *held)))]

    return Native(read, None, _moved)


def shared_by_tees(base: Any) -> Native:
    """What several of `itertools.tee` have read ahead: the place of each is its own."""
    return Native(lambda obj: [], None)


def generator(base: Any) -> Native:
    """A generator: the instruction at which it waits, and its variables."""
    return _suspended(base, "gi_frame")


def asynchronous_generator(base: Any) -> Native:
    """As a generator."""
    return _suspended(base, "ag_frame")


def _suspended(base: Any, frame_name: str) -> Native:
    members = class_dict(base)

    def read(obj: Any) -> Entries:
        frame = members[frame_name].__get__(obj)
        if frame is None:
            return [("", Inside((None,)))]
        return [("", Inside((frame.f_lasti, frame.f_lineno, *_variables(obj, frame))))]

    def text(obj: Any, value: Any) -> str:
        kind, name = type(obj).__name__, members["__name__"].__get__(obj)
        return f"<{kind} {name}, at its end>" if value[0] is None else f"<{kind} {name}, at another place>"

    return Native(read, None, text)


def _variables(obj: Any, frame: types.FrameType) -> list[Any]:
    held = gc.get_referents(obj)
    if sys.version_info < (3, 11):  # the frame holds them
        world = (frame.f_globals, frame.f_builtins, frame.f_back, frame.f_trace)
        held = [part for part in gc.get_referents(frame) if not any(part is other for other in world)]
    return [part for part in held if not issubclass(type(part), _OF_THE_CODE)]


_OF_THE_CODE = (types.FrameType, types.CodeType, types.FunctionType, types.ModuleType)
