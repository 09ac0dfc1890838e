"""On whose behalf code runs: a plugin's, or that of BuildStream's core, told by the stack."""

from __future__ import annotations

from collections.abc import Collection
from types import FrameType

from enforcer.bst.elements.core_code import is_file_of_buildstream


def is_plugins_doing(frame: FrameType | None, files: Collection[str]) -> bool | None:
    """Whether a plugin does what runs in `frame`, itself or through a library; None where nothing tells.

    What a plugin asks of the core is the core's doing: a connection that it opens when it is first needed, for example.

    Args:
        files: the names of the files of plugin code.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if file in files:
            return True
        if is_file_of_buildstream(file):  # our own stand between any two of them
            return False
        frame = frame.f_back
    return None
