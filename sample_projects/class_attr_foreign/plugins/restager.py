"""restager - wants the sources of its dependencies staged one after the other"""

from buildstream import Element


class RestagerElement(Element):
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
            for source in dep.sources():
                # The hazard: BuildStream reads this flag from every source of the kind.
                type(source).BST_REQUIRES_PREVIOUS_SOURCES_STAGE = True
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return RestagerElement
