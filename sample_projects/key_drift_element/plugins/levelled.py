"""levelled - raises its level while it is built"""

from buildstream import Element


class LevelledElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.level = 1

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"level": self.level}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        # The hazard: own state, but get_unique_key() is made of it.
        self.level += 1
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return LevelledElement
