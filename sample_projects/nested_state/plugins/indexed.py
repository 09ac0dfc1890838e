"""indexed - an element with an index of its own"""

import collections
import dataclasses

from buildstream import Element


class Index:
    """Entries by name."""

    __slots__ = ("entries",)

    def __init__(self):
        self.entries = {}


@dataclasses.dataclass
class Entry:
    """The last lines of one text."""

    lines: collections.deque


class IndexedElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.index = Index()
        self.index.entries["hello"] = Entry(collections.deque(["hello"], maxlen=8))

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return IndexedElement
