"""project_env - sets a variable for all elements"""

from buildstream import Element


class ProjectEnvElement(Element):
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
        # The hazard: the project belongs to all its elements.
        self._get_project().base_environment["ACME"] = "1"
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ProjectEnvElement
