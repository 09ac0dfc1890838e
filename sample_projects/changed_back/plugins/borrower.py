"""borrower - borrows the environment of its dependency"""

from buildstream import Element


class BorrowerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    SHARED = ["first"]

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
        env["FOO"] = "X"
        del env["FOO"]
        path, env["PATH"] = env["PATH"], "/bin"
        env["PATH"] = path
        self.SHARED.append("mine")
        self.SHARED.pop()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return BorrowerElement
