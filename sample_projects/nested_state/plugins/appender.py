"""appender - adds to the index of its dependency"""

from buildstream import Element
from buildstream.types import _Scope


class AppenderElement(Element):
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
        for dep in self._dependencies(_Scope.BUILD):
            # The hazard: however deep it lies, it is the dependency's.
            dep.index.entries["hello"].lines.append("again")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return AppenderElement
