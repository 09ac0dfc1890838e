"""A BuildStream that can be put in front of the installed one: from a checkout, an unpacked or a packed sdist."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path


class SourceError(Exception):
    """There is no BuildStream to try; the text says what to do."""


def importable(source: Path, work: Path) -> Path:
    """The directory that has the package `buildstream`, built for this Python.

    A checkout whose extension modules are built in place is taken as it is; anything else is copied below `work`
    and built by pip, without the packages that it requires.

    Raises:
        SourceError: it is no BuildStream, or cannot be built.
    """
    root = _unpacked(source, work) if source.is_file() else source
    package = root / "src" / "buildstream"
    if not (package / "element.py").exists():
        raise SourceError(f"{source} is no checkout and no sdist of BuildStream: it has no src/buildstream/element.py")
    return root / "src" if _is_built(package) else _built(root, work)


def _unpacked(archive: Path, work: Path) -> Path:
    target = work / "unpacked"
    shutil.rmtree(target, ignore_errors=True)
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(target, filter="data")
    except tarfile.TarError as error:
        raise SourceError(f"{archive} cannot be unpacked: it is no archive that tar knows, or a broken one") from error
    directories = [path for path in target.iterdir() if path.is_dir()]
    if len(directories) != 1:
        raise SourceError(f"{archive} is no sdist: it has {len(directories)} directories, not one")
    return directories[0]


def _is_built(package: Path) -> bool:
    """Whether each Cython module has an extension module that this Python can load beside it."""
    names = [path.with_suffix("") for path in package.rglob("*.pyx")]
    return all(any(name.with_name(name.name + suffix).exists() for suffix in EXTENSION_SUFFIXES) for name in names)


def _built(root: Path, work: Path) -> Path:
    # A copy: building leaves its files in the source.
    copy, target, log = work / "copy", work / "built", work / "build.log"
    for old in (copy, target):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(root, copy, symlinks=True)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(target), str(copy)]
    with open(log, "wb") as stream:
        done = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise SourceError(f"{root} cannot be built (a C compiler and Python's headers are needed): see {log}")
    return target
