"""counter - counts the elements of its kind"""

from buildstream import Element

STATE = {"n": 0}


class CounterElement(Element):
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
        # The hazard: a module belongs to the process, not to this element.
        STATE["n"] += 1
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return CounterElement
