"""drawer - an element of a subproject"""

from buildstream import Element


class DrawerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.papers = ["theirs"]

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
    return DrawerElement
