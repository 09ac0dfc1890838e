"""lister - lists the files of its dependencies"""

from buildstream import Element


class ListerElement(Element):
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
            self.info("files", detail="\n".join(dep.compute_manifest()))
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ListerElement
