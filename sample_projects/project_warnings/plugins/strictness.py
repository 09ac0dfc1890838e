"""strictness - makes its own warning fatal"""

from buildstream import Element


class StrictnessElement(Element):
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
        # The hazard: from now on other elements of the project fail where they warned before.
        self._get_project()._fatal_warnings.append("strictness:acme")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return StrictnessElement
