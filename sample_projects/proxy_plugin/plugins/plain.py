"""plain - an element without commands and with one option"""

from buildstream import Element


class PlainElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["opt"])
        self.opt = node.get_str("opt", "")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"opt": self.opt}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return PlainElement
