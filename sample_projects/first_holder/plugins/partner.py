"""partner - elements that have one list from a place that is none of theirs"""

from concurrent.futures import Future

from buildstream import Element

HIDDEN = Future()
HIDDEN.set_result([])


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
        # The hazard: none of the elements made it, and all of them hold it.
        self.common.append(1)
        sandbox.get_virtual_directory().open_directory("output", create=True)
        return "/output"


def setup():
    return PartnerElement
