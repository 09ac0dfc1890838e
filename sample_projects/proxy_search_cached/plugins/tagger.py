"""tagger - tags a runtime dependency of its dependency"""

from buildstream import Element, MappingNode


class TaggerElement(Element):
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
        dep = next(self.dependencies(recurse=False))
        raw = dep.search("victim.bst")
        # Here BuildStream loads what the next line adds to, and this is no hazard.
        list(raw.compute_manifest(include=["runtime"]))
        # The hazard: search() of a dependency gives the element itself; only a proxy refuses set_public_data().
        raw.set_public_data("acme", MappingNode.from_dict({"tag": "X"}))
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return TaggerElement
