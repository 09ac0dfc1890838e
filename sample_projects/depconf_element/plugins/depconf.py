"""depconf - keeps its dependencies from the time of configuration"""

from buildstream import Element


class DepconfElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])

    def configure_dependencies(self, dependencies):
        self.deps = list(dependencies)

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        for dep in self.deps:
            # The hazard: dep.element is the live dependency.
            dep.element.get_environment()["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return DepconfElement
