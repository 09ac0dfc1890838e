"""Write a text file whole or not at all, and know beforehand whether it can be written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_OWN_STREAMS: Mapping[str, int] = {"/dev/stdout": 1, "/dev/stderr": 2}


def real_path(path: Path) -> Path:
    """The file that is replaced when `path` is written: a symbolic link stays one."""
    is_link = path.is_symlink() and path.is_file() and not is_special(path)
    return Path(os.path.realpath(path)) if is_link else path.absolute()


def try_to_write(path: Path) -> None:
    """Raise `OSError` if `path` cannot be written; nothing is left behind."""
    path = real_path(path)
    if path.is_dir():
        raise IsADirectoryError(0, "it is a directory")
    if is_special(path) and path.exists():
        return
    temporary = _beside(path)
    with open(temporary, "x", encoding="utf-8"):
        pass
    os.unlink(temporary)


def write_whole(path: Path, text: str) -> None:
    """Write `path`; whoever reads it meanwhile, or after a kill, sees all of the old text or all of the new."""
    path = real_path(path)
    if is_special(path):
        # Opened by name, a redirected /dev/stdout would be written from its beginning.
        own = _OWN_STREAMS.get(str(path))
        with open(path if own is None else os.dup(own), "w", encoding="utf-8") as stream:
            stream.write(text)
        return
    temporary = _beside(path)
    try:
        with open(temporary, "x", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def is_special(path: Path) -> bool:
    """A pipe, a terminal, or `/dev/stdout` whatever it leads to: it is written to, never replaced."""
    return path.absolute().parts[:2] == ("/", "dev") or (path.exists() and not path.is_file() and not path.is_dir())


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")
