"""lazy - computes its table when it is first needed"""

from buildstream import Element


class LazyElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.table = None

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        if self.table is None:
            self.table = {"name": self.name}
        self.table["size"] = len(self.table)
        self.extra = [self.table]
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return LazyElement
