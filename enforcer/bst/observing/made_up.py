"""Names of files without what is another one in each run: random parts, process ids, times."""

from __future__ import annotations

import re
from collections.abc import Callable

_RANDOM = re.compile(
    r"(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])"  # a UUID
    r"|(?<=\bpsm_)[0-9a-f]{8}\b"  # `multiprocessing.shared_memory`
    r"|(?<=\btmp)[a-z0-9_]{8}\b"  # `tempfile`
    r"|(?<![0-9a-z])(?=[a-f]*[0-9])[0-9a-f]{8,}(?![0-9a-z])"  # a digest, or `secrets.token_hex()`
    r"|\d{4,}"
)
_OF_PYTHON = ("tmp", "psm", "pym")
_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"([^\W\d_]{2,})\d+|\d+([^\W\d_]{2,})")
_ENDING = re.compile(r"\.[A-Za-z]{1,5}$")
_STARS = re.compile(r"\*(?:[\W_]*\*)+")


def without_random(name: str) -> str:
    """A name with `*` for all that looks like the work of a random generator or a counter."""
    return _STARS.sub("*", _RANDOM.sub("*", name))


def without_unsaid(name: str, is_said: Callable[[str], bool]) -> str:
    """A name with `*` for each word that nobody says: it was computed.

    Args:
        name: of a file that may be called anything.
        is_said: whether a word stands in the code or the configuration of whoever can have made up the name.
    """
    ending = _ENDING.search(name)
    end = ending.start() if ending else len(name)
    words = _WORD.sub(lambda word: _said(word[0], is_said), without_random(name[:end]))
    return _STARS.sub("*", words) + name[end:]


def _said(word: str, is_said: Callable[[str], bool]) -> str:
    if word in _OF_PYTHON or is_said(word):
        return word
    numbered = _NUMBERED.fullmatch(word)
    if numbered and numbered[1] and is_said(numbered[1]):
        return f"{numbered[1]}*"
    if numbered and numbered[2] and is_said(numbered[2]):
        return f"*{numbered[2]}"
    return "*"
