"""For tests of what must never compare values, which can be thousands, or a plugin's."""

from __future__ import annotations


def never_compared(self: object, other: object) -> bool:
    """As `__eq__` of a class."""
    raise AssertionError("two of them were compared")
