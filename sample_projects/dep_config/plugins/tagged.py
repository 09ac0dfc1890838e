"""tagged - completes the configuration of its dependencies"""

from buildstream import Element


class TaggedElement(Element):
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
            # Own state: this node was cloned for this element.
            dep.config["tag"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return TaggedElement
