"""guarded - keeps a lock of its own"""

import threading

from buildstream import Element


class GuardedElement(Element):
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
        # The hazard: no other process can have this lock.
        self.guard = threading.Lock()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return GuardedElement
