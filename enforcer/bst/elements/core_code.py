"""Which code is BuildStream's own. Names of other packages may begin with its name, as those of plugins do."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import buildstream

from enforcer.graph.values import file_of, module_of

CORE = "buildstream"
"""The name of the units of BuildStream's own modules and classes."""

_FOLDER = os.path.join(os.path.dirname(buildstream.__file__), "")
_BESIDE_CORE = ("buildstream._testing", "buildstream._protos")


def is_in_buildstream(module: str) -> bool:
    """Whether the module of this name comes with BuildStream."""
    return module == CORE or module.startswith(f"{CORE}.")


def is_core(module: str) -> bool:
    """The same, without what BuildStream's core is not made of: its test helpers and generated code."""
    return is_in_buildstream(module) and not in_package(module, _BESIDE_CORE)


def is_file_of_buildstream(file: str) -> bool:
    """Whether the file comes with BuildStream."""
    return file.startswith(_FOLDER)


def is_class_of_buildstream(cls: type) -> bool:
    """Whether a class comes with BuildStream: by its file, as BuildStream loads its own plugins under any name, too."""
    file = file_of(sys.modules.get(module_of(cls)))
    return file is not None and is_file_of_buildstream(file)


def in_package(module: str, packages: Iterable[str]) -> bool:
    """Whether the module of this name is one of these, or inside of one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)
