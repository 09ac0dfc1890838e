"""delayed - sets FOO a little later"""

import threading

from buildstream import Element


class DelayedElement(Element):
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
        env = next(self.dependencies()).get_environment()
        # The hazard: the thread outlives the job; nobody waits for it.
        timer = threading.Timer(20, env.update, kwargs={"FOO": "X"})
        timer.daemon = True
        timer.start()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return DelayedElement
