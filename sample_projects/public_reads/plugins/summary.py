"""summary - summarises its dependencies"""

from buildstream import Element, MappingNode


class SummaryElement(Element):
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
        names = []
        for dep in self.dependencies():
            names.append(dep.name)
            dep.get_public_data("bst")
            dep.get_variable("prefix")
            dict(dep.get_environment())
            list(dep.sources())
            dep.get_artifact_name()
            # A change of the clone that get_public_data() gives changes nothing.
            data = dep.get_public_data("acme")
            data["seen"] = "yes"
        self.set_public_data("acme", MappingNode.from_dict({"names": names}))
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return SummaryElement
