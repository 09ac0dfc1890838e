"""ticking - numbers the elements of its kind"""

from buildstream import Element


def make_counter():
    """Return a function that counts its calls."""
    numbers = []

    def count():
        # The hazard: the list lives as long as the function, and that one as long as the module.
        numbers.append(len(numbers))
        return numbers[-1]

    return count


tick = make_counter()


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
