"""env_writer - sets a variable named in its configuration"""

from buildstream import Element


class EnvWriterElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys(["variable"])
        self.variable = node.get_str("variable", "")

    def preflight(self):
        pass

    def get_unique_key(self):
        return {"variable": self.variable}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        dep = next(self.dependencies())
        # The hazard: get_environment() gives the live dictionary of the dependency, not a copy.
        dep.get_environment()[self.variable] = self.name
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return EnvWriterElement
