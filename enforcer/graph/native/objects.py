"""Objects with fields in C."""

from __future__ import annotations

import gc
import struct
import sys
import types
import zlib
from typing import Any

from enforcer.graph.native.raw import fields_of
from enforcer.graph.native.spec import Entries, Native
from enforcer.graph.values import Inside, class_dict, class_flags, class_mro

_HEAP = 1 << 9
_KEEPS_A_LIST = sys.version_info < (3, 13)


def random_generator(base: Any) -> Native:
    """`random.Random`: the state of the generator; a normally distributed number that waits is an attribute."""
    fields = fields_of(base)
    # Its fields are that state: to have 625 numbers made for each look would take fifty times as long.
    packed = _WORDS_LAST if _is_laid_out(base, fields) else _WORDS_FIRST

    def read(obj: Any) -> Entries:
        if packed is _WORDS_FIRST:
            return [(".getstate()", packed.pack(*base.getstate(obj)))]
        return [(".getstate()", fields(obj)[: packed.size])]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        state = packed.unpack(entries[".getstate()"])
        base.setstate(obj, state if packed is _WORDS_FIRST else (*state[1:], state[0]))

    return Native(read, write, lambda obj, value: f"<state {zlib.crc32(value):08x}>")


_WORDS_FIRST, _WORDS_LAST = struct.Struct("=624Ii"), struct.Struct("=i624I")
"""The words of a generator and its index, as it gives them, and as it keeps them."""


def _is_laid_out(base: Any, fields: Any) -> bool:
    trial = base(1)
    trial.random()
    kept = fields(trial)[: _WORDS_LAST.size]
    if len(kept) < _WORDS_LAST.size:
        return False
    index, *words = _WORDS_LAST.unpack(kept)
    return bool((*words, index) == base.getstate(trial))


def decimal_context(base: Any) -> Native:
    """`decimal.Context`; whoever computes with it raises its flags."""
    names = (".prec", ".rounding", ".Emin", ".Emax", ".capitals", ".clamp", ".flags", ".traps")

    def read(obj: Any) -> Entries:
        _, values = base.__reduce__(obj)
        return [
            (name, tuple(value) if type(value) is list else value) for name, value in zip(names, values, strict=True)
        ]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        base.__init__(obj, *(list(value) if type(value) is tuple else value for value in map(entries.get, names)))

    return Native(read, write, incidental=(".flags",))


def variables(base: Any) -> Native:
    """`contextvars.Context`: the variables that are set there, and their values. Nobody can unset one."""

    def read(obj: Any) -> Entries:
        return [("", Inside(part for entry in base.items(obj) for part in entry))]

    return Native(read, None, lambda obj, value: f"<Context object, {len(value) // 2} variables set>")


def exception(base: Any) -> Native:
    """An exception: its arguments, its cause, and what its class keeps in C.

    Traceback and context are left out: the interpreter writes them whenever an exception is raised.
    """
    fields = {".args": class_dict(BaseException)["args"], ".__cause__": class_dict(BaseException)["__cause__"]}
    for cls in class_mro(base):
        if class_flags(cls) & _HEAP == 0:
            members = class_dict(cls).items()
            fields.update(
                (f".{name}", member) for name, member in members if type(member) is types.MemberDescriptorType
            )
    fields.pop(".__suppress_context__", None)

    def read(obj: Any) -> Entries:
        return [(name, _held(field, obj)) for name, field in fields.items()]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        for name, field in fields.items():
            if _held(field, obj) is not entries[name]:
                field.__set__(obj, entries[name])

    return Native(read, write)


def _held(field: Any, obj: Any) -> Any:
    try:
        return field.__get__(obj)
    except AttributeError:
        return None


def xml_element(base: Any) -> Native:
    """An element of `xml.etree.ElementTree`."""
    names = ("tag", "text", "tail", "attrib")
    fields = {f".{name}": class_dict(base)[name] for name in names}

    def read(obj: Any) -> Entries:
        below = base.__getitem__(obj, slice(None))
        return [("", tuple(below)), *((name, field.__get__(obj)) for name, field in fields.items())]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        base.__setitem__(obj, slice(None), list(entries[""]))
        for name, field in fields.items():
            if field.__get__(obj) is not entries[name]:
                field.__set__(obj, entries[name])

    return Native(read, write)


def finalizer(base: Any) -> Native:
    """`weakref.finalize`: what is to be called, as long as it is; the class keeps that in a table."""
    table = class_dict(base)["_registry"]

    def read(obj: Any) -> Entries:
        return [("", Inside(info for each, info in list(dict.items(table)) if each is obj))]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        if not entries[""]:
            base.detach(obj)
        elif not read(obj)[0][1]:
            table[obj] = entries[""][0]

    return Native(read, write, lambda obj, value: f"<finalize object, {'alive' if value else 'dead'}>")


def unchanging(base: Any) -> Native:
    """What never changes."""
    return Native(lambda obj: [])


def simple_queue(base: Any) -> Native:
    """`queue.SimpleQueue`: what waits in it, read past its lock."""

    def read(obj: Any) -> Entries:
        waiting = base.qsize(obj)
        held = [part for part in gc.get_referents(obj) if part is not type(obj)]
        if _KEEPS_A_LIST and waiting:
            # The last ones first; of that list nothing else may be asked, as it has places that hold nothing at all.
            held = gc.get_referents(*held)[:waiting][::-1]
        return [("", tuple(held[:waiting]))]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        for _ in range(base.qsize(obj)):
            base.get_nowait(obj)
        for item in entries[""]:
            base.put(obj, item)

    return Native(read, write)
