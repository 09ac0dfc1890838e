"""flag_writer - normalises a flag of its dependencies"""

from buildstream import Element


class FlagWriterElement(Element):
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
        for dep in self.dependencies():
            env = dep.get_environment()
            # The hazard: True == 1, so only a comparison of exact types sees this.
            env["LEVEL"] = bool(env["LEVEL"])
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return FlagWriterElement
