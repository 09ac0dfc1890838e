"""Texts and bytes in memory."""

from __future__ import annotations

from typing import Any

from enforcer.graph.native.spec import Entries, Native
from enforcer.graph.values import class_mro, full_class_name

_CLOSED: Entries = [(".closed", True)]
_FIRST_OF = (".closed", "", ".tell()", ".newline")


def string_io(base: Any) -> Native:
    """`io.StringIO`."""

    def read(obj: Any) -> Entries:
        try:
            text, newline, place, _ = base.__getstate__(obj)
        except ValueError:
            return _CLOSED
        return [("", text), (".tell()", place), (".newline", newline)]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        if ".closed" in entries:
            base.close(obj)
            return
        base.__init__(obj, "", entries[".newline"])  # opens what is closed
        # Past what `write` does to the ends of lines.
        base.__setstate__(obj, (entries[""], entries[".newline"], entries[".tell()"], None))

    return Native(read, write, first_of=_FIRST_OF)


def bytes_io(base: Any) -> Native:
    """`io.BytesIO`. As long as nobody writes there, its bytes are the very same object: nothing is copied."""

    def read(obj: Any) -> Entries:
        try:
            return [("", base.getvalue(obj)), (".tell()", base.tell(obj))]
        except ValueError:
            return _CLOSED

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        if ".closed" in entries:
            base.close(obj)
            return
        base.__init__(obj, entries[""])  # opens what is closed
        base.seek(obj, entries[".tell()"])

    return Native(read, write, first_of=_FIRST_OF)


def array(base: Any) -> Native:
    """`array.array`, by its bytes; the type of what it holds is fixed."""

    def of_bytes(obj: Any, content: bytes) -> Any:
        # Not by a new array of that type code: `u` has been deprecated.
        made = base.__getitem__(obj, slice(0, 0))
        made.frombytes(content)
        return made

    def read(obj: Any) -> Entries:
        return [("", base.tobytes(obj))]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        base.__setitem__(obj, slice(None), of_bytes(obj, entries[""]))

    def text(obj: Any, value: bytes) -> str:
        return repr(of_bytes(obj, value[:_SHOWN])[:_SHOWN_ITEMS])

    return Native(read, write, text)


_SHOWN, _SHOWN_ITEMS = 800, 20


_SEEN = ("builtins.bytearray", "array.array")


def memory_view(base: Any) -> Native:
    """`memoryview`: by way of what it shows, where that is seen itself; else by its bytes."""

    def read(obj: Any) -> Entries:
        try:
            shown = base.obj.__get__(obj)
            if any(full_class_name(cls) in _SEEN for cls in class_mro(type(shown))):
                return [(".obj", shown)]
            return [] if base.readonly.__get__(obj) else [("", base.tobytes(obj))]
        except ValueError:
            return [(".release()", True)]

    def write(obj: Any, entries: dict[Any, Any]) -> None:
        if ".release()" in entries:
            base.release(obj)
        elif "" in entries:
            base.cast(obj, "B")[:] = entries[""]

    return Native(read, write)
