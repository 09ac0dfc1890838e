"""shelf - an element that writes on what it had first, while others hold it"""

from buildstream import Element


class ShelfElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.table = {"first": []}
        self.lines = []
        self.moved = []
        self.given = {}

    def preflight(self):
        self.patches = next(iter(self.sources())).patches

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        self.table["first"].append({"page": []})
        self.table["second"] = self.lines
        self.lines.append("written")
        self.patches.append("built")
        assert self.given["list"] == []
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ShelfElement
