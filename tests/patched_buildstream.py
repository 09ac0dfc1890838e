"""A BuildStream to come, as far as one can be had: a copy of the installed one that has a memo, a queue and a
callback more, as core's developers write them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import buildstream

_QUEUE = """\
from . import Queue, QueueStatus
from ..resources import ResourceType


# A queue which verifies what was built
#
class VerifyQueue(Queue):

    action_name = "Verify"
    complete_name = "Verified"
    resources = [ResourceType.PROCESS]

    def get_process_func(self):
        return VerifyQueue._verify_element

    def status(self, element):
        return QueueStatus.READY

    @staticmethod
    def _verify_element(element):
        element._verify()
"""

_METHODS = """\
    def _weight(self):
        if self.__weight is None:
            self.__weight = len(self.name)
        return self.__weight

    def _set_assembled_callback(self, callback):
        self.__assembled_callback = callback

    def _verify(self):
        return self._cached_success()

    # _set_buildable_callback()
"""

_EDITS = {
    "element.py": (
        (
            "        self.__buildable_callback = None",
            "        self.__assembled_callback = None  # Callback to BuildQueue\n"
            "        self.__weight = None  # How heavy the element is, once it was asked\n"
            "        self.__buildable_callback = None",
        ),
        ("    # _set_buildable_callback()\n", _METHODS),
        (
            "    def _assemble(self):\n",
            "    def _assemble(self):\n"
            "        for dependency in self._dependencies(_Scope.BUILD, recurse=False):\n"
            "            dependency._weight()\n",
        ),
        (
            "        self.__assemble_done = True\n",
            "        self.__assemble_done = True\n"
            "        if self.__assembled_callback is not None:\n"
            "            self.__assembled_callback(self)\n"
            "            self.__assembled_callback = None\n",
        ),
    ),
    "_scheduler/queues/buildqueue.py": (
        (
            "    def register_pending_element(self, element):\n",
            "    def _note_assembled(self, element):\n"
            "        self._assembled = getattr(self, '_assembled', 0) + 1\n\n"
            "    def register_pending_element(self, element):\n"
            "        element._set_assembled_callback(self._note_assembled)\n",
        ),
    ),
    "_scheduler/__init__.py": (
        (
            "from .queues.buildqueue import BuildQueue\n",
            "from .queues.buildqueue import BuildQueue\nfrom .queues.verifyqueue import VerifyQueue\n",
        ),
    ),
    "_stream.py": (
        ("    BuildQueue,\n", "    BuildQueue,\n    VerifyQueue,\n"),
        (
            "        self._add_queue(BuildQueue(self._scheduler, imperative=True))\n",
            "        self._add_queue(BuildQueue(self._scheduler, imperative=True))\n\n"
            "        self._add_queue(VerifyQueue(self._scheduler))\n",
        ),
    ),
}


def make(target: Path) -> Path:
    """Make it below `target`; returns `target`."""
    package = copy(target) / "src" / "buildstream"
    (package / "_scheduler" / "queues" / "verifyqueue.py").write_text(_QUEUE, encoding="utf-8")
    for name, edits in _EDITS.items():
        edit(package / name, *edits)
    return target


def copy(target: Path) -> Path:
    """Make a checkout of the installed one whose extension modules are built; returns `target`."""
    installed = Path(buildstream.__file__).parent
    # As in a checkout, no programs.
    ignored = shutil.ignore_patterns("__pycache__", "subprojects")
    shutil.copytree(installed, target / "src" / "buildstream", ignore=ignored)
    return target


def edit(file: Path, *edits: tuple[str, str]) -> None:
    """Replace texts that each stand in the file exactly once."""
    text = file.read_text(encoding="utf-8")
    for before, after in edits:
        if text.count(before) != 1:
            raise ValueError(f"{file.name} has {text.count(before)} times: {before}")
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")
