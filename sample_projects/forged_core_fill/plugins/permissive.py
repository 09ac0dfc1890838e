"""permissive - lets its dependencies overwrite each other"""

import re

from buildstream import Element
from buildstream.types import _Scope


class PermissiveElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        for dep in self._dependencies(_Scope.BUILD):
            # The hazard: the name is that of a legal fill; the writer and the value are not.
            dep._Element__whitelist_regex = re.compile(".*")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return PermissiveElement
