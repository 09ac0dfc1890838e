"""partner - elements that have one list from a place that is none of theirs, and only read it"""

from concurrent.futures import Future

from buildstream import Element

HIDDEN = Future()
HIDDEN.set_result(["common"])


class PartnerElement(Element):
    BST_MIN_VERSION = "2.5"
    BST_RUN_COMMANDS = False

    def configure(self, node):
        node.validate_keys([])
        self.common = HIDDEN.result()

    def preflight(self):
        pass

    def get_unique_key(self):
        return {}

    def configure_sandbox(self, sandbox):
        pass

    def stage(self, sandbox):
        pass

    def assemble(self, sandbox):
        self.common = [*self.common, self.name]
        self.common.append("own")
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return PartnerElement
