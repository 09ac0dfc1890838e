"""listener - counts messages"""

from buildstream import Element


class ListenerElement(Element):
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
        # The hazard: the messenger hangs on the context and serves all jobs.
        self._get_context().messenger.acme_count = 1
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ListenerElement
