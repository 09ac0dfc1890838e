"""opener - pretends that an element has an open workspace"""

from buildstream import Element


class OpenerElement(Element):
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
        workspaces = self._get_context().get_workspaces()
        # The hazard: the table is saved to disk by whoever changes it next.
        workspaces._workspaces["ghost.bst"] = None
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return OpenerElement
