"""keeper - keeps the environment of its dependency at hand"""

from buildstream import Element


class KeeperElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])

    def preflight(self):
        self.build_environment = next(self.dependencies()).get_environment()

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        # The hazard: the attribute is this element's own, the dictionary in it is not.
        self.build_environment["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return KeeperElement
