"""careful - leaves the process as it was"""

import os
import sys

from buildstream import Element


class CarefulElement(Element):
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
        directory, mask = os.getcwd(), os.umask(0o077)
        os.environ["ACME_FLAG"] = "1"
        sys.path.insert(0, "/nowhere")
        os.chdir("/")
        try:
            self.answer = os.path.exists("bin")
        finally:
            os.chdir(directory)
            os.umask(mask)
            del os.environ["ACME_FLAG"]
            sys.path.remove("/nowhere")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return CarefulElement
