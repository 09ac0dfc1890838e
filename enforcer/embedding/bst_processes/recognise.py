"""Which commands run `bst`. Standard library only: a watched child loads this file by its path."""

from __future__ import annotations

import os
import re
import shlex

# Programs that run the command behind them, each with its options that take a value.
_WRAPPERS = {
    "env": ("-u", "--unset", "-C", "--chdir"),
    "nice": ("-n", "--adjustment"),
    "timeout": ("-k", "--kill-after", "-s", "--signal"),
    "nohup": (),
    "setsid": (),
    "stdbuf": ("-i", "-o", "-e"),
}
_PYTHON = re.compile(r"(python|pypy)[0-9.]*$")
_PYTHON_VALUES = ("-W", "-X", "--check-hash-based-pycs")


def is_bst(words: list[str]) -> bool:
    """Whether the command surely is `bst`: directly, behind `env` and the like, or as a Python script or module."""
    words = _unwrapped(words)
    if not words:
        return False
    if _PYTHON.match(os.path.basename(words[0])):
        return _python_target(words[1:]) in ("bst", "-m buildstream")
    return os.path.basename(words[0]) == "bst"


def may_run_bst(words: list[str]) -> bool:
    """Whether `bst` stands anywhere in the command, also inside of a shell script."""
    if is_bst(words):
        return True
    return any(os.path.basename(part) == "bst" or part == "buildstream" for word in words for part in split(word))


def as_shown(words: list[str]) -> str:
    """The command from its `bst` on, without the directories of this machine."""
    names = [os.path.basename(word) if os.path.isabs(word) else word for word in words]
    start = next((index for index, name in enumerate(names) if name in ("bst", "buildstream")), 0)
    return " ".join(["bst", *names[start + 1 :]] if names[start:] and names[start] == "buildstream" else names[start:])


def split(text: str) -> list[str]:
    """The words of a shell command, as well as they can be told without running it."""
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return text.split()


def _unwrapped(words: list[str]) -> list[str]:
    while words and os.path.basename(words[0]) in _WRAPPERS:
        values = _WRAPPERS[os.path.basename(words[0])]
        is_timeout = os.path.basename(words[0]) == "timeout"
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = words[2:] if words[0] in values else words[1:]
        if is_timeout:
            words = words[1:]
    return words


def _python_target(words: list[str]) -> str | None:
    """The base name of the script that Python runs, or `-m MODULE`; None when there is neither."""
    position = 0
    while position < len(words):
        word = words[position]
        if word in _PYTHON_VALUES:
            position += 2
        elif word.startswith("-c"):
            return None
        elif word.startswith("-") and not word.startswith("--") and "m" in word:
            module = word[word.index("m") + 1 :] or "".join(words[position + 1 : position + 2])
            return f"-m {module}"
        elif word.startswith("-") and word != "-":
            position += 1
        else:
            return os.path.basename(word)
    return None
