"""patcher - gives a runtime dependency of its dependency an empty environment"""

from buildstream import Element


class PatcherElement(Element):
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
        # The hazard: an attribute of the instance hides the method of the class, for everybody.
        dep.search("victim.bst").get_environment = lambda: {}
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return PatcherElement
