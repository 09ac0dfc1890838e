"""exclusive - lets one element of its kind work at a time"""

import threading

from buildstream import Element

LOCK = threading.Lock()


class ExclusiveElement(Element):
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
        # The hazard: a job that runs in another process has a lock of its own.
        with LOCK:
            sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ExclusiveElement
