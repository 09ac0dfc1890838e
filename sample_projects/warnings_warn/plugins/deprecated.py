"""deprecated - warns that it is old"""

import warnings

from buildstream import Element


class DeprecatedElement(Element):
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
        warnings.warn("this kind of element will be removed", DeprecationWarning)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return DeprecatedElement
