"""nested - writes on a runtime dependency of its dependency"""

from buildstream import Element


class NestedElement(Element):
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
        dep = next(self.dependencies(recurse=False))
        for inner in dep.dependencies():
            if inner.name == "base.bst":
                # The hazard: two steps away, the same live dictionary.
                inner.get_environment()["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return NestedElement
