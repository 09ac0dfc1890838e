"""collector - remembers which elements of this kind were built"""

from buildstream import Element


class CollectorElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    SHARED = []

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
        # The hazard: SHARED belongs to the class; self.SHARED does not make it this element's own.
        self.SHARED.append(self.name)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return CollectorElement
