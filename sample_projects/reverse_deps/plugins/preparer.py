"""preparer - prepares the elements that will depend on it"""

from buildstream import Element


class PreparerElement(Element):
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
        for rdep in self._Element__reverse_build_deps:
            # The hazard: the artifact of the reverse dependency changes and its cache key does not.
            rdep.get_environment()["FOO"] = "X"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return PreparerElement
