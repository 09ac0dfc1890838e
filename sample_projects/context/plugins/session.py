"""session - shares a value among all elements of the session"""

from buildstream import Element


class SessionElement(Element):
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
        # The hazard: there is one context for all projects and jobs.
        self._get_context().acme_session = self.name
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return SessionElement
