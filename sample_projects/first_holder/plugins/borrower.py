"""borrower - an element that is given a list by its dependent, and writes on it in its job"""

from buildstream import Element


class BorrowerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.given = {}

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        # The hazard: the table is its own, the list in it is its dependent's, which had it first.
        self.given["list"].append("borrowed")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return BorrowerElement
