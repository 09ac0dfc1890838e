"""unlucky - fails after it has set FOO for its dependencies"""

from buildstream import Element, ElementError


class UnluckyElement(Element):
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
        for dep in self.dependencies():
            # The hazard: get_environment() gives the live dictionary of the dependency, not a copy.
            dep.get_environment()["FOO"] = "X"
        raise ElementError("No luck today")


def setup():
    return UnluckyElement
