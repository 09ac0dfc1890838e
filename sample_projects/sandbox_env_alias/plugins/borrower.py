"""borrower - builds in the environment of its dependency, with one more variable"""

from buildstream import Element


class BorrowerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        dep = next(self.dependencies())
        sandbox.set_environment(dep.get_environment())

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        # The hazard: set_environment() kept the dictionary of the dependency itself.
        sandbox._Sandbox__env["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return BorrowerElement
