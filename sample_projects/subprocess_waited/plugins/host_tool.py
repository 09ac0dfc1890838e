"""host_tool - asks a tool of the host"""

import subprocess

from buildstream import Element


class HostToolElement(Element):
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
        done = subprocess.run(["true"], check=True)
        self.answer = done.returncode
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return HostToolElement
