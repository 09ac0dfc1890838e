"""What is known of the state of one built-in type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Entries = list[tuple[Any, Any]]
"""(rest of the path, value): `("", "text")`, `(".tell()", 4)`. What is no atom is walked, and compared by identity."""


class Native(NamedTuple):
    """How to read and write the state of one type, running nothing but methods of that very type.

    Attributes:
        read: what an object holds; it changes nothing, waits for no lock, and raises nothing.
        write: makes an object hold these entries, as far as it can; None where nothing can.
        text: what messages show for a value of an entry that says nothing to an author, or None.
        first_of: of these entries only the first that changed is told: the others follow from it.
        incidental: entries that whoever only uses the object changes as well: no finding.
        sends: whether `write` can make of another process's object what this value of an entry says.
    """

    read: Callable[[Any], Entries]
    write: Callable[[Any, dict[Any, Any]], None] | None = None
    text: Callable[[Any, Any], str | None] = lambda obj, value: None
    first_of: tuple[str, ...] = ()
    incidental: tuple[str, ...] = ()
    sends: Callable[[Any], bool] = lambda value: True


MakeNative = Callable[[Any], Native]
"""Makes what is known of a built-in class."""
