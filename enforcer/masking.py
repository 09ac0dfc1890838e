"""Foreign text made fit to be shown: secrets masked, control characters escaped, length bounded.

Pure functions, in this order: `mask` the whole value, make it `printable`, `cut` it. A secret
that was cut in half is no longer recognised as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

MASKED = "<masked>"

# Findings name the same lines again and again.
_LINES_REMEMBERED = 1000

_SECRET_NAME = (
    r"(?:token(?!i[sz])|passwo?r?d|passphrase|secret|credential|authorization"
    r"|(?:api|private|access|signing)[-_ ]?key)"
)
_NAMES_SECRET = re.compile(_SECRET_NAME, re.IGNORECASE)

# An absent or empty value gives nothing away, and says what happened.
_HARMLESS = frozenset({"", "None", "True", "False", "''", '""', "b''", "[]", "{}", "()", "set()"})

_STRING = r"[bfru]{0,2}(?:'(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?)"

# `'API_TOKEN': 'x'`, `password=x`, `env["TOKEN"] = "x"`, `Authorization: Bearer x`: the name, then what is masked.
_KEYED = re.compile(
    rf"(?P<name>{_SECRET_NAME}[\w.-]*['\"]?\]?\s*(?:=>|[:=,(])\s*)"
    rf"(?P<value>(?:(?:Basic|Bearer)\s+)?(?:{_STRING}|[^\s,;'\"()\[\]{{}}]+))",
    re.IGNORECASE,
)

_KEYED_LITERAL = re.compile(
    rf"(?P<name>{_SECRET_NAME}[\w.-]*['\"]?\]?\s*(?:=>|[:=,(])\s*)(?P<value>{_STRING})", re.IGNORECASE
)
_LITERAL = re.compile(_STRING, re.IGNORECASE)

# A secret that begins here and goes on in the lines that follow.
_OPEN_SECRET = re.compile(
    rf"{_SECRET_NAME}[\w.-]*['\"]?\]?\s*(?:=>|[:=,(])\s*(?:[bfru]{{0,2}}(?:'{{3}}|\"{{3}})|[(\[{{][ \t]*$)",
    re.IGNORECASE | re.MULTILINE,
)
# One of the lines that a key is made of.
_ENCODED = re.compile(
    r"(?<![\w+/])(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{48,}={0,2}(?![\w+/])"
)

_SHAPES = tuple(
    re.compile(shape, re.DOTALL)
    for shape in (
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{20,}",
        r"\bgithub_pat_[A-Za-z0-9_]{20,}",
        r"\bgl(?:pat|dt|rt|ptt|cbt|soat|agent)-[A-Za-z0-9_-]{16,}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"\bxapp-[A-Za-z0-9-]{10,}",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?",
        r"\b(?:Bearer|Basic)\s+[A-Za-z0-9+/_.=-]{8,}",
    )
)
_USERINFO = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#'\"@]+@")

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+\b")


def mask(path: str, text: str | None) -> str | None:
    """`text` without the secrets that it holds, judged by the name it is kept under and by its shape.

    Args:
        path: where the value lives, e.g. `environment['API_TOKEN']`; may be empty.
        text: the value as it would be shown, or None where there is none.
    """
    if text is None or text in _HARMLESS:
        return text
    if _NAMES_SECRET.search(path):
        return MASKED
    return _KEYED.sub(_mask_value, _mask_shapes(text))


def mask_code(path: str, code: str) -> str:
    """A line of source code without the secrets in its string literals; names and calls stay readable.

    Where `path` itself names a secret, every literal that is no part of the path is masked.
    """
    if _NAMES_SECRET.search(path):
        return _LITERAL.sub(lambda match: match[0] if match[0].strip("bfruBFRU'\"") in path else MASKED, code)
    return _mask_literals(code)


def mask_lines(path: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Consecutive lines of source code, masked like one; none of them where a secret goes over several lines."""
    text = "\n".join(lines)
    if not lines or _OPEN_SECRET.search(text) or _mask_shapes(text).count("\n") != text.count("\n"):
        return ()
    masked = _KEYED_LITERAL.sub(_mask_value, text).split("\n")
    return tuple(_ENCODED.sub(MASKED, mask_code(path, line)) for line in masked)


@lru_cache(_LINES_REMEMBERED)
def _mask_literals(code: str) -> str:
    return _KEYED_LITERAL.sub(_mask_value, _LITERAL.sub(_mask_literal, _mask_shapes(code)))


def _mask_shapes(text: str) -> str:
    text = _USERINFO.sub(rf"\g<scheme>{MASKED}@", text)
    for shape in _SHAPES:
        text = shape.sub(MASKED, text)
    return text


def _mask_literal(match: re.Match[str]) -> str:
    # Only what looks like `name=value` inside of the literal; its quotes stay.
    return _KEYED.sub(_mask_value, match[0])


def _mask_value(match: re.Match[str]) -> str:
    value = match["value"]
    return match[0] if value in _HARMLESS or value == MASKED else match["name"] + MASKED


def printable(text: str) -> str:
    """`text` on one line, with everything that a terminal might obey or hide written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def without_addresses(text: str) -> str:
    """`text` without the memory addresses that Python puts into a repr: they differ from run to run."""
    return _ADDRESS.sub("", text)


def counted(number: int, noun: str) -> str:
    """`1 job`, `2 jobs`, `1,000 jobs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters; a missing end is marked by dots."""
    if len(text) <= limit:
        return text
    return text[: max(limit - 3, 0)] + "..."[: max(limit, 0)]
