"""printer - prints numbers as people write them"""

import locale

from buildstream import Element


class PrinterElement(Element):
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
        # The hazard: setlocale() is for the whole process.
        locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return PrinterElement
