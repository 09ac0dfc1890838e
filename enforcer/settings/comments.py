"""Findings that a comment beside the code says are fine: `# enforcer: ignore[foreign-write] why it is`."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from enforcer.errors import UsageError

_MARK = re.compile(r"#\s*enforcer:\s*ignore\b")
_WHOLE = re.compile(_MARK.pattern + r"\s*\[(?P<rules>[^\]]*)\](?P<reason>.*)")
_NEXT = re.compile(r"\s#\s")
"""Where a comment for somebody else begins; `#12` is part of the reason."""

_FORM = "write # enforcer: ignore[RULE] REASON at the end of the line, rules with commas between them"
_NO_CODE = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER)


class Ignored(NamedTuple):
    """A comment that says of one finding that it is fine; `place` is where: `plugins/my_kind.py:3`."""

    place: str
    reason: str


def comment_name(place: str, rule: str) -> str:
    """How reports name what the comment at this place says of one rule."""
    return f"{place}: ignore[{rule}]"


@dataclass(frozen=True)
class IgnoreComment:
    """What one comment says, and where it counts: at each line of the statement that it stands in.

    Attributes:
        line: where it stands.
        first: the first line of the statement.
        last: the last one.
        function: the method or function that it stands in; of nested ones, that around the others.
    """

    line: int
    first: int
    last: int
    function: str
    rules: tuple[str, ...]
    reason: str

    @property
    def lines(self) -> range:
        """The lines at which it counts."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class FoundComment:
    """A comment of ours as it stands in a file; `first` is 0 where it stands beside no code."""

    text: str
    line: int
    first: int = 0
    last: int = 0
    function: str = ""

    def parsed(self) -> IgnoreComment:
        """What it says; `UsageError` where that is no rule or no reason, or where it stands beside no code."""
        match = _WHOLE.search(self.text)
        rules = [] if match is None else [rule.strip() for rule in match["rules"].split(",")]
        if match is None or not all(rules):
            raise UsageError(f"ignore comment names no rule: {_FORM}")
        reason = _NEXT.split(match["reason"])[0].strip()
        if not reason:
            raise UsageError("ignore comment has no reason: say behind the bracket why this is fine")
        if not self.first:
            raise UsageError(f"ignore comment stands beside no code: {_FORM}")
        return IgnoreComment(self.line, self.first, self.last, self.function, tuple(rules), reason)


def comments_in(source: bytes) -> Iterator[FoundComment]:
    """The comments of ours in a Python file; none in what is no Python."""
    if b"enforcer:" not in source:
        return
    try:
        tree = ast.parse(source)
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        # Not what was loaded: somebody is changing it.
        return
    for comment, first, last in _by_statement(tokens):
        line = comment.start[0]
        yield FoundComment(comment.string, line, first, last, _function_at(tree, line))


def _by_statement(tokens: list[tokenize.TokenInfo]) -> Iterator[tuple[tokenize.TokenInfo, int, int]]:
    """Each comment with the first and the last line of its statement; with zeros where it is in none."""
    comments: list[tokenize.TokenInfo] = []
    first = 0
    for token in tokens:
        if token.type == tokenize.COMMENT and _MARK.search(token.string):
            comments.append(token)
        elif token.type == tokenize.NEWLINE:
            yield from ((comment, first, token.start[0]) for comment in comments)
            comments, first = [], 0
        elif token.type not in _NO_CODE:
            first = first or token.start[0]
        if not first:
            yield from ((comment, 0, 0) for comment in comments)
            comments = []


def _function_at(tree: ast.Module, line: int) -> str:
    body: list[ast.stmt] = tree.body
    while True:
        around = next((each for each in body if each.lineno <= line <= (each.end_lineno or 0)), None)
        if not isinstance(around, ast.ClassDef):
            return getattr(around, "name", "")
        body = around.body
