"""offline - wants nothing fetched from mirrors any more"""

from buildstream import Element


class OfflineElement(Element):
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
        # The hazard: the mirrors belong to the project, and so to all its elements.
        self._get_project().config.mirrors.clear()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return OfflineElement
