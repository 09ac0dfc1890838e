"""counted - counts how often it was integrated"""

from buildstream import Element


class CountedElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.integrated = 0

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"

    def integrate(self, sandbox):
        # The hazard: this runs in the job of whoever depends on this element; self is foreign there.
        self.integrated += 1


def setup():
    return CountedElement
