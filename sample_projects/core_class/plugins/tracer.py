"""tracer - notes which variables are read"""

from buildstream import Element


class TracerElement(Element):
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
        original = Element.get_variable

        def get_variable(element, varname):
            return original(element, varname)

        # The hazard: from now on every element of every project runs this function.
        Element.get_variable = get_variable
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return TracerElement
