"""resolver - gives the sources of its dependencies other variables"""

from buildstream import Element, MappingNode


class ResolverElement(Element):
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
                # The hazard: the object is compiled and shared with the element; there is no attribute to compare.
                source._Source__variables.__init__(MappingNode.from_dict({"prefix": "/opt"}))
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return ResolverElement
