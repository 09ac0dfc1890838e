"""Lines of code that ran."""

from __future__ import annotations

from collections.abc import Collection
from types import CodeType, FrameType
from typing import NamedTuple

# From 3.12 on most of these are no functions of their own any more: they count as the one they stand in.
INLINE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


class Place(NamedTuple):
    """A line of code that ran; `line` counts from 1."""

    file: str
    line: int
    function: str


def place_of(frame: FrameType) -> Place:
    """Where a running function is."""
    # Between two lines an interpreter may not know the line; the function's first one is then near.
    line = frame.f_lineno or frame.f_code.co_firstlineno
    return Place(frame.f_code.co_filename, line, function_of(frame).co_name)


def function_of(frame: FrameType) -> CodeType:
    """The code of a running function, or of the one that a comprehension stands in."""
    while frame.f_code.co_name in INLINE and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code


def plugin_place(frame: FrameType | None, files: Collection[str], above: FrameType | None = None) -> Place | None:
    """Where the nearest running function is that one of `files` defines, from `frame` upwards, below `above`."""
    while frame is not above and frame is not None:
        if frame.f_code.co_filename in files:
            return place_of(frame)
        frame = frame.f_back
    return None
