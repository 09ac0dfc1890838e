"""env_sorter - wants PATH as the last variable that is printed"""

from buildstream import Element


class EnvSorterElement(Element):
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
        env = next(self.dependencies()).get_environment()
        # The hazard: the order of a dictionary is state of its owner too.
        env["PATH"] = env.pop("PATH")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return EnvSorterElement
