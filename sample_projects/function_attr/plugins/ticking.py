"""ticking - numbers the elements of its kind"""

from buildstream import Element


def tick():
    """Return the number of calls so far."""
    # The hazard: a function belongs to its module.
    tick.calls += 1
    return tick.calls


tick.calls = 0


class TickingElement(Element):
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
        self.number = tick()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return TickingElement
