"""An element that holds one of everything."""

from buildstream import Element


class Shown:
    """Something to refer to."""

    def __init__(self):
        self.names = []


class VictimElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False
    FLAGS = ["a"]

    def configure(self, node):
        self.config_node = node
        self.opt = None
        self.gone = 1
        self.count = 0
        self.table = {"b": 1, "a": 2}
        self.names = ["b", "a"]
        self.more = ["b", "a"]
        self.seen = {"a"}
        self.index = {"a": {"b": []}}
        self.integrated = 0
        self.shown = Shown()
        self.named = {"a": []}

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        return "/"

    def integrate(self, sandbox):
        if self.wanted():
            self.integrated += 1  # <- integrate

    @property
    def level(self):
        return self.opt

    @level.setter
    def level(self, value):
        self.opt = value  # <- property_setter

    def wanted(self):
        return True

    def poke(self, value):
        self.opt = value  # <- method_of_victim


def setup():
    return VictimElement
