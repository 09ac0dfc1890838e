"""finder - prepares an element that it has no dependency on"""

from buildstream import Element
from buildstream.plugin import Plugin


class FinderElement(Element):
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
        for plugin in list(Plugin._Plugin__TABLE.values()):
            if plugin.name == "late.bst":
                # The hazard: not even a dependency; its artifact changes and its cache key does not.
                plugin.get_environment()["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return FinderElement
