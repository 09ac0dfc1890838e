"""shelf - an element that others take things from"""

import dataclasses

from buildstream import Element


@dataclasses.dataclass
class Book:
    """What stands on it."""

    pages: list


class ShelfElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.table = {"first": []}
        self.lines = []
        self.book = Book([])
        self.names = ({"a"},)

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
    return ShelfElement
