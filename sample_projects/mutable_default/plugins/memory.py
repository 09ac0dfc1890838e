"""memory - remembers what it was asked to"""

from buildstream import Element


class MemoryElement(Element):
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
        self.remember(self.name)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    def remember(self, name, names=[]):
        # The hazard: the list was made once, with the class.
        names.append(name)


def setup():
    return MemoryElement
