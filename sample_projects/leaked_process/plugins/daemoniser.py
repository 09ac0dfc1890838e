"""daemoniser - starts a helper in the background"""

import subprocess

from buildstream import Element


class DaemoniserElement(Element):
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
        # The hazard: the process outlives the job; nobody waits for it.
        subprocess.Popen(
            ["sleep", "20"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return DaemoniserElement
