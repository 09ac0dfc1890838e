"""walker - works in the project's directory of files"""

import os

from buildstream import Element


class WalkerElement(Element):
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
        # The hazard: there is one working directory for all jobs.
        os.chdir(os.path.join(self._get_project().directory, "files"))
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return WalkerElement
