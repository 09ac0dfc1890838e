"""Two values as two lines, with what differs between them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)


class Part(NamedTuple):
    """A piece of a value, and whether the other value lacks it."""

    text: str
    differs: bool


class Diff(NamedTuple):
    """The parts of both values; None for one that is absent."""

    before: tuple[Part, ...] | None
    after: tuple[Part, ...] | None


def diff(before: str | None, after: str | None) -> Diff:
    """What differs, word by word; nothing is marked where there is only one value, or hardly anything in common."""
    if before is None or after is None:
        return Diff(_whole(before), _whole(after))
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.3:
        return Diff(_whole(before), _whole(after))
    lines: tuple[list[Part], list[Part]] = ([], [])
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        for line, words in zip(lines, (old[start:end], new[new_start:new_end]), strict=True):
            if words:
                line.append(Part("".join(words), tag != "equal"))
    return Diff(tuple(lines[0]), tuple(lines[1]))


def _whole(text: str | None) -> tuple[Part, ...] | None:
    return None if text is None else (Part(text, False),)
