"""exporter - configures a host tool by an environment variable"""

import os

from buildstream import Element


class ExporterElement(Element):
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
        # The hazard: every job, every host tool and every sandbox of this process sees it.
        os.environ["ACME_FLAG"] = "1"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ExporterElement
