"""adder - adds to the tables among its dependencies"""

from buildstream import Element
from buildstream.types import _Scope


class AdderElement(Element):
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
            # The hazard: an item of the element, not an attribute.
            dep["total"] += 1
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return AdderElement
