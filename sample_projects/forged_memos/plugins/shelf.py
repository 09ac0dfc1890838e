"""shelf - an element that keeps objects of Python's library"""

import functools
import ipaddress
import logging
import pathlib

from buildstream import Element


class Page:
    """A class of a plugin: what it remembers, nobody but its plugin would make again."""

    @functools.cached_property
    def words(self):
        return ["hello"]


class ShelfElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.path = pathlib.Path("/usr/share/doc.txt")
        self.network = ipaddress.ip_network("10.0.0.0/8")
        self.logger = logging.getLogger("acme." + self.name)
        self.page = Page()

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
