"""selector - writes on what a selection of its dependencies gives"""

from buildstream import Element


class SelectorElement(Element):
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
        first = next(self.dependencies(recurse=False))
        for dep in self.dependencies([first]):
            # The hazard: a selection yields the same live elements.
            dep.get_environment()["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return SelectorElement
