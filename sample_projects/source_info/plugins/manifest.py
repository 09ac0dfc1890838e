"""manifest - collects where the sources of its dependencies come from"""

from buildstream import Element


class ManifestElement(Element):
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
            for source in dep.sources():
                # The hazard: collect_source_info() of the foreign source memoises on that source (see note.py).
                source.collect_source_info()
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ManifestElement
